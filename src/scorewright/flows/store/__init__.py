"""Stewardship of tracking stores: see what one holds, judge it, mend it."""
