"""The adapters: one outside system per folder. They translate, they never decide."""
