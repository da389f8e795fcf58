"""Every model of accounts, one file per aggregate."""

from accounts.models.companies import BankAccount, Company
from accounts.models.marketplaces import MarketplaceAccount
from accounts.models.people import RolePolicy, User
from accounts.models.tokens import ApiToken

__all__ = ["ApiToken", "BankAccount", "Company", "MarketplaceAccount", "RolePolicy", "User"]
