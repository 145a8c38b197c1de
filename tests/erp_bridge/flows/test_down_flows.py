"""The down-flows stand in an order in which nothing has to wait when all of them are due."""

import pytest

from erp_bridge.engine import registry
from erp_bridge.sdk.flow import Pull


def test_every_flow_comes_behind_those_whose_records_it_names():
    order = [flow.key for flow in registry.pulls()]
    assert len(order) == len(set(order)) == len([flow for flow in registry.flows if issubclass(flow, Pull)])
    for flow in registry.pulls():
        assert all(order.index(each) < order.index(flow.key) for each in flow.after), flow.key


@pytest.mark.parametrize("flow", registry.pulls(), ids=lambda flow: flow.key)
def test_every_flow_says_its_name_its_record_and_its_service(flow):
    assert flow.label
    assert isinstance(flow.record, type)
    assert callable(flow.apply)
