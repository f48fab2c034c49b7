"""One Terraform stack per file, and the contract between stacks."""

import constructs_lib  # noqa: F401 - prepares the provider bindings before a stack imports them
