"""The words of the application table and their shares, safe ones first where risk matters."""

from __future__ import annotations

from typing import Final

__all__ = [
    "EDUCATIONS",
    "EDUCATION_SHARES",
    "FAMILIES",
    "FAMILY_SHARES",
    "GENDERS",
    "HOUSINGS",
    "HOUSING_SHARES",
    "INCOME_TYPES",
    "OCCUPATIONS",
    "OCCUPATION_SHARES",
    "ORGANIZATIONS",
    "SUITES",
    "SUITE_SHARES",
    "WEEKDAYS",
]

WEEKDAYS: Final = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
GENDERS: Final = ("F", "M", "XNA")
EDUCATIONS: Final = (
    "Academic degree", "Higher education", "Incomplete higher", "Secondary / secondary special",
    "Lower secondary",
)  # fmt: skip
EDUCATION_SHARES: Final = (0.0005, 0.2434, 0.0334, 0.7103, 0.0124)
FAMILIES: Final = (
    "Widow", "Married", "Separated", "Single / not married", "Civil marriage", "Unknown",
)  # fmt: skip
FAMILY_SHARES: Final = (0.0523, 0.6388, 0.0643, 0.1478, 0.0968, 0.000007)
HOUSINGS: Final = (
    "Office apartment", "House / apartment", "Co-op apartment", "Municipal apartment",
    "With parents", "Rented apartment",
)  # fmt: skip
HOUSING_SHARES: Final = (0.0085, 0.8873, 0.0036, 0.0364, 0.0483, 0.0159)
INCOME_TYPES: Final = (
    "State servant", "Commercial associate", "Working", "Maternity leave", "Pensioner",
)  # fmt: skip
OCCUPATIONS: Final = (
    "Accountants", "High skill tech staff", "Managers", "Core staff", "HR staff", "IT staff",
    "Medicine staff", "Private service staff", "Secretaries", "Realty agents", "Cleaning staff",
    "Sales staff", "Cooking staff", "Laborers", "Security staff", "Waiters/barmen staff",
    "Drivers", "Low-skill Laborers", None,
)  # fmt: skip
OCCUPATION_SHARES: Final = (
    9.8, 11.4, 21.4, 27.6, 0.6, 0.5, 8.5, 2.7, 1.3, 0.8, 4.7, 32.1, 5.9, 55.2, 6.7, 1.3, 18.6, 2.1,
)  # fmt: skip
SUITES: Final = (
    "Unaccompanied", "Family", "Spouse, partner", "Children", "Other_B", "Other_A",
    "Group of people", None,
)  # fmt: skip
SUITE_SHARES: Final = (0.8084, 0.1305, 0.037, 0.0106, 0.0058, 0.0028, 0.0009, 0.0042)
ORGANIZATIONS: Final = (
    "Business Entity Type 3", "Self-employed", "Other", "Medicine", "Business Entity Type 2",
    "Government", "School", "Trade: type 7", "Kindergarten", "Construction",
    "Business Entity Type 1", "Transport: type 4", "Trade: type 3", "Industry: type 9",
    "Industry: type 3", "Security", "Housing", "Industry: type 11", "Military", "Bank",
    "Agriculture", "Police", "Transport: type 2", "Postal", "Security Ministries",
    "Trade: type 2", "Restaurant", "Services", "University", "Industry: type 7",
    "Transport: type 3", "Industry: type 1", "Hotel", "Electricity", "Industry: type 4",
    "Trade: type 6", "Industry: type 5", "Insurance", "Telecom", "Emergency",
    "Industry: type 2", "Advertising", "Realtor", "Culture", "Industry: type 12",
    "Trade: type 1", "Mobile", "Legal Services", "Cleaning", "Transport: type 1",
    "Industry: type 6", "Industry: type 10", "Religion", "Industry: type 13", "Trade: type 4",
    "Trade: type 5", "Industry: type 8", "XNA",
)  # fmt: skip
