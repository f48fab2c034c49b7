"""One construct and its props per file. Importing this package prepares the provider bindings."""

from constructs_lib import jsii_runtime

jsii_runtime.prepare()
