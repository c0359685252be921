"""The core: values in, values out. No clock, environment, file, socket or database."""
