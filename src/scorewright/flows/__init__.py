"""The flows: one file per thing a user does. They speak to the world through ports."""
