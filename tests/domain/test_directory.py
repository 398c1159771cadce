"""Look-ups in the directory's snapshot."""

from __future__ import annotations

import pytest

from app.domain.directory import (
    Account,
    Company,
    ContactMethod,
    Directory,
    MethodKind,
    Person,
    Role,
    Site,
    contact_key,
    normal_code,
    site_key,
)


def a_site(code: str, *, account: str = "qb", active: bool = True) -> Site:
    return Site(
        key=site_key(account, code),
        account=account,
        code=code,
        name=f"Site {code}",
        address="1 Mill Road",
        city="Boston",
        region="Northeast",
        timezone="America/New_York",
        active=active,
    )


def a_person(key: str, *addresses: str, active: bool = True) -> Person:
    methods = tuple(ContactMethod(MethodKind.EMAIL if "@" in a else MethodKind.SMS, a) for a in addresses)
    return Person(
        key=key, name="Dana de Reyes", roles=(Role.REP,), methods=methods, timezone="UTC", active=active
    )


def a_directory(*, sites: tuple[Site, ...] = (), people: tuple[Person, ...] = ()) -> Directory:
    return Directory(
        version=1,
        company=Company(name="Tidewell", short_name="Tidewell", phone="+16175550100", timezone="UTC"),
        duty="person:dana",
        people={p.key: p for p in people},
        accounts={"qb": Account(key="qb", name="QuickBite", tier="gold", manager="person:dana")},
        sites={s.key: s for s in sites},
    )


@pytest.mark.parametrize(
    ("code", "normal"),
    [
        ("114", "114"),
        ("0114", "114"),
        (" 0 114 ", "114"),
        ("a-12", "A-12"),
        ("0", "0"),
        ("000", "0"),
        ("0a", "A"),
        ("100", "100"),
    ],
)
def test_codes_are_compared_without_zeros_spaces_and_case(code: str, normal: str) -> None:
    assert normal_code(code) == normal
    assert site_key("qb", code) == f"qb.{normal.lower()}"


def test_a_contact_is_known_by_its_account() -> None:
    assert contact_key("qb", "ann-lee") == "qb.ann-lee"


def test_a_site_is_found_by_its_code_while_it_is_active() -> None:
    directory = a_directory(sites=(a_site("0114"), a_site("9", active=False), a_site("114", account="hf")))
    found = directory.site_by_code("qb", "114")
    assert found is not None
    assert found.key == "qb.114"
    assert directory.site_by_code("hf", "00114") == directory.sites["hf.114"]
    assert directory.site_by_code("qb", "9") is None
    assert directory.site_by_code("other", "114") is None


def test_sites_of_an_account_come_by_code() -> None:
    directory = a_directory(
        sites=(a_site("77"), a_site("12"), a_site("5", active=False), a_site("3", account="hf"))
    )
    assert [s.code for s in directory.sites_of("qb")] == ["12", "77"]
    assert [s.code for s in directory.sites_of("qb", ["qb.77", "qb.5", "hf.3"])] == ["77"]


def test_a_person_is_found_by_an_address_while_active() -> None:
    gone = a_person("ben", "+16175550102", active=False)
    directory = a_directory(people=(a_person("dana", "+16175550101", "dana@tidewell.example"), gone))
    for address in ("+16175550101", "dana@tidewell.example"):
        found = directory.person_by_address(address)
        assert found is not None
        assert found.key == "dana"
    assert directory.person_by_address("+16175550102") is None


def test_a_first_name_is_the_first_word() -> None:
    assert a_person("dana").first_name == "Dana"
