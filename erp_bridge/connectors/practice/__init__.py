"""The practice ERP (``erp_bridge/sandbox``) as a connector: JSON over REST, in all three ways an ERP can remember."""
