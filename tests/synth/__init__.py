"""Tests of what is synthesized: the files that Terraform runs, not the Python that makes them."""
