"""What an ERP is told of who did it: the person, a pseudonym, or nobody, as the site's privacy policy says."""

import pytest

from erp_bridge.engine import wording
from erp_bridge.flows.labor_time import LaborTimeFlow
from mes.masterdata.models import PrivacyPolicy
from mes.masterdata.queries import pseudonym_of
from tests.erp_bridge.flows.test_up_flows import WORKED, Links
from tests.factories import make_site

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        (None, WORKED.person),
        ({"posting": "PSEUDONYM"}, "a pseudonym"),
        ({"posting": "CREW"}, ""),
        ({"posting": "CREW", "active": False}, WORKED.person),
    ],
)
def test_who_did_it_is_told_as_the_site_agreed(policy, told):
    site = make_site(code=WORKED.site)
    if policy is not None:
        PrivacyPolicy.objects.create(site=site, **policy)
    document = wording.say(LaborTimeFlow(), WORKED, Links())
    expected = pseudonym_of(site=WORKED.site, number=WORKED.person) if told == "a pseudonym" else told
    assert (document.person, document.minutes, document.crew_size) == (expected, WORKED.minutes, 1)
