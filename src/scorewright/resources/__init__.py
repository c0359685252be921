"""Data files of the package: shipped data sets and the texts that explain the settings."""
