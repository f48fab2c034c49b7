"""The AWS stacks applied to an emulated AWS."""
