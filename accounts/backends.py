"""Signs people in; what they may do comes from their role (accounts.roles), not from rows."""

from django.contrib.auth.backends import ModelBackend


class RoleBackend(ModelBackend):
    """Django's own password check. Permissions are answered by User.has_perm from memory."""
