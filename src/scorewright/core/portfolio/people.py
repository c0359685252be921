"""The applicant: age, family, work, home and what the lender knows from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from scipy.special import ndtr

from scorewright.core.portfolio.draws import (
    Array,
    Bools,
    Codes,
    Columns,
    Floats,
    Ints,
    chance,
    graded,
    normal,
    pick,
    sometimes,
    text,
    whole,
)
from scorewright.core.portfolio.latent import Latent
from scorewright.core.portfolio.people_texts import (
    EDUCATION_SHARES,
    FAMILIES,
    FAMILY_SHARES,
    GENDERS,
    HOUSING_SHARES,
    HOUSINGS,
    INCOME_TYPES,
    OCCUPATION_SHARES,
    OCCUPATIONS,
    ORGANIZATIONS,
    SUITE_SHARES,
    SUITES,
)

__all__ = ["UNEMPLOYED", "People", "people"]

UNEMPLOYED: Final = 365_243  # the real data's sentinel of those without work
_YEAR: Final = 365.25
_FIRST_ALONE: Final = 2  # families from this code on have one adult
_RAISING: Final = 50  # age up to which children live at home


@dataclass(frozen=True, slots=True)
class People:
    """What the outcome is computed from; every array has shape (n,).

    Attributes:
        age: Years.
        employed: Years in the present job; 0 without one.
        has_work: Whether there is a job.
        is_male: Whether the applicant is a man.
        education: Code, rising with risk.
        region: REGION_RATING_CLIENT, 1 to 3.
        city_differs: Whether they work in another city than where they are registered.
        has_car: Whether they own a car.
        income: AMT_INCOME_TOTAL.
    """

    age: Floats
    employed: Floats
    has_work: Bools
    is_male: Bools
    education: Codes
    region: Ints
    city_differs: Bools
    has_car: Bools
    income: Floats


def people(rng: np.random.Generator, latent: Latent) -> tuple[People, Columns]:
    """Draw the applicants and their columns of the application table."""
    size, risk = latent.size, latent.general
    age = _age(rng, latent)
    retired = chance(rng, (age - 58.5) / 2.2, size)
    idle = retired | sometimes(rng, 0.0005, size)
    employed = _employed(rng, risk, age)
    is_male = chance(rng, -0.72 + 0.25 * risk, size) & ~(retired & sometimes(rng, 0.45, size))
    education = graded(rng, EDUCATION_SHARES, risk, 0.20)
    region = 1 + graded(rng, (0.105, 0.737, 0.158), risk, 0.14).astype(np.int64)
    has_car = chance(rng, -0.95 - 0.12 * risk + 1.0 * is_male, size)
    someone = People(
        age=age,
        employed=np.where(idle, 0.0, employed),
        has_work=~idle,
        is_male=is_male,
        education=education,
        region=region,
        city_differs=chance(rng, -1.1 + 0.22 * risk, size) & ~idle,
        has_car=has_car,
        income=_income(rng, latent, education, region),
    )
    columns: dict[str, Array | pl.Series] = {
        "CODE_GENDER": text(_genders(rng, is_male), GENDERS),
        "FLAG_OWN_CAR": text(has_car.astype(np.uint8), ("N", "Y")),
        "FLAG_OWN_REALTY": text(sometimes(rng, 0.694, size).astype(np.uint8), ("N", "Y")),
        "AMT_INCOME_TOTAL": someone.income,
        "OWN_CAR_AGE": whole(
            np.minimum(rng.gamma(1.6, 7.5, size) + 0.8 * np.exp(0.5 * risk), 91), ~has_car
        ),
        "DAYS_BIRTH": -np.floor(age * _YEAR).astype(np.int64),
        "DAYS_EMPLOYED": np.where(idle, UNEMPLOYED, -np.ceil(employed * _YEAR)).astype(np.int64),
        "REGION_RATING_CLIENT": region,
        **_family(rng, age, risk),
        **_work(rng, someone, risk),
        **_places(rng, someone, risk),
        **_papers(rng, age, risk),
    }
    return someone, columns


def _age(rng: np.random.Generator, latent: Latent) -> Floats:
    rank = -0.24 * latent.general + 0.97 * normal(rng, latent.size) - 0.30 * latent.shift
    years: Floats = 20.6 + 48.3 * ndtr(0.85 * rank - 0.05)
    return years


def _employed(rng: np.random.Generator, risk: Floats, age: Floats) -> Floats:
    years = rng.gamma(1.15, 6.4, age.size) * np.exp(-0.28 * risk)
    return np.minimum(np.maximum(years, 0.05), age - 18.4)


def _genders(rng: np.random.Generator, is_male: Bools) -> Codes:
    unknown = sometimes(rng, 0.000013, is_male.size)
    return np.where(unknown, 2, is_male).astype(np.uint8)


def _income(rng: np.random.Generator, latent: Latent, education: Codes, region: Ints) -> Floats:
    """Draw yearly incomes; people name round sums, in steps of 4,500."""
    centre = 11.93 + np.array([0.5, 0.22, 0.06, -0.06, -0.2])[education] - 0.12 * (region - 2)
    spread = 0.46 * normal(rng, latent.size) - 0.05 * latent.general - 0.22 * latent.shift
    steps: Floats = np.rint(np.exp(centre + spread) / 4_500.0)
    return np.maximum(steps * 4_500.0, 25_650.0)


def _family(rng: np.random.Generator, age: Floats, risk: Floats) -> Columns:
    size = age.size
    family = graded(rng, FAMILY_SHARES, risk, 0.10)
    alone = family >= _FIRST_ALONE
    children = np.minimum(rng.poisson(np.where(age < _RAISING, 0.62, 0.1)), 19)
    return {
        "CNT_CHILDREN": children,
        "CNT_FAM_MEMBERS": whole(children + np.where(alone, 1, 2), sometimes(rng, 0.000007, size)),
        "NAME_FAMILY_STATUS": text(family, FAMILIES),
        "NAME_HOUSING_TYPE": text(graded(rng, HOUSING_SHARES, risk, 0.10), HOUSINGS),
        "NAME_TYPE_SUITE": text(pick(rng, SUITE_SHARES, size), SUITES),
    }


def _work(rng: np.random.Generator, someone: People, risk: Floats) -> Columns:
    size = risk.size
    works = someone.has_work
    kind = graded(rng, (0.088, 0.283, 0.628, 0.0001), risk, 0.14)
    job = graded(rng, OCCUPATION_SHARES, risk, 0.18)
    job = np.where(works & sometimes(rng, 0.84, size), job, len(OCCUPATIONS) - 1)
    trade = pick(rng, [1.0 / (2 + rank) for rank in range(len(ORGANIZATIONS) - 1)], size)
    return {
        "NAME_INCOME_TYPE": text(np.where(works, kind, 4), INCOME_TYPES),
        "OCCUPATION_TYPE": text(job, OCCUPATIONS),
        "ORGANIZATION_TYPE": text(np.where(works, trade, len(ORGANIZATIONS) - 1), ORGANIZATIONS),
        "FLAG_EMP_PHONE": works.astype(np.int8),
        "FLAG_WORK_PHONE": sometimes(rng, 0.2, size).astype(np.int8),
    }


def _places(rng: np.random.Generator, someone: People, risk: Floats) -> Columns:
    """Where people live, work and are registered: three places, six flags."""
    size = risk.size
    region = someone.region
    moved = chance(rng, -2.5 + 0.15 * risk, size)
    far = sometimes(rng, 0.05, size)
    live_elsewhere = sometimes(rng, 0.015, size)
    city_rating = np.clip(region + np.where(sometimes(rng, 0.045, size), -1, 0), 1, 3)
    population = np.array([0.0358, 0.0195, 0.0146])[region - 1] * np.exp(0.5 * normal(rng, size))
    differs = someone.city_differs
    return {
        "REGION_POPULATION_RELATIVE": np.round(np.clip(population, 0.00029, 0.072508), 6),
        "REGION_RATING_CLIENT_W_CITY": city_rating,
        "REG_REGION_NOT_LIVE_REGION": live_elsewhere.astype(np.int8),
        "REG_REGION_NOT_WORK_REGION": (far | live_elsewhere).astype(np.int8),
        "LIVE_REGION_NOT_WORK_REGION": (far & ~live_elsewhere).astype(np.int8),
        "REG_CITY_NOT_LIVE_CITY": moved.astype(np.int8),
        "REG_CITY_NOT_WORK_CITY": differs.astype(np.int8),
        "LIVE_CITY_NOT_WORK_CITY": (differs & ~moved).astype(np.int8),
    }


def _papers(rng: np.random.Generator, age: Floats, risk: Floats) -> Columns:
    """Draw how long ago things changed, in days, all before the decision."""
    size = age.size
    alive = age * _YEAR
    registered = np.minimum(rng.gamma(1.5, 3_300.0, size) * np.exp(-0.06 * risk), alive - 1)
    issued = np.minimum(rng.gamma(3.0, 1_050.0, size) * np.exp(-0.10 * risk), alive - 5_100)
    phone = rng.gamma(1.05, 950.0, size) * np.exp(-0.15 * risk)
    never = sometimes(rng, 0.12, size)
    return {
        "DAYS_REGISTRATION": -np.maximum(np.ceil(registered), 1).astype(np.int64),
        "DAYS_ID_PUBLISH": -np.clip(np.ceil(issued), 1, 7_197).astype(np.int64),
        "DAYS_LAST_PHONE_CHANGE": whole(
            -np.where(never, 0, np.clip(np.ceil(phone), 1, 4_292)), sometimes(rng, 3e-6, size)
        ),
        "FLAG_MOBIL": np.ones(size, dtype=np.int8),
        "FLAG_CONT_MOBILE": sometimes(rng, 0.998, size).astype(np.int8),
        "FLAG_PHONE": chance(rng, -0.95 - 0.08 * risk, size).astype(np.int8),
        "FLAG_EMAIL": sometimes(rng, 0.0567, size).astype(np.int8),
    }
