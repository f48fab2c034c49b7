"""What the emulated S3 must do as S3 does, and moto does not: bucket policies and Object Lock.

moto takes a Deny statement whose condition does not hold for one that denies, which would lock
everybody out of a TLS-only bucket. The emulator has two addresses: requests to the one count as
sent over TLS, requests to the other as not.
"""

import threading
from typing import Any

from verification.rehearsal.aws.bucket_policy import denies

PLAIN_HTTP = "rehearsal.plain_http"
"""Key in a WSGI environ that marks a request to the address that counts as not encrypted."""

_request = threading.local()


def begin_request(environ: dict[str, Any]) -> None:
    """Remember, for this thread, how the request that it answers was sent."""
    _request.secure = not environ.get(PLAIN_HTTP, False)


def mend() -> None:
    """Replace what moto does otherwise than S3, in this process."""
    from moto.iam.access_control import PermissionResult
    from moto.s3.exceptions import InvalidBucketState
    from moto.s3.models import FakeBucket, FakeDeleteMarker, S3Backend

    def get_permission(bucket: Any, action: str, resource: str) -> Any:
        context = {"aws:SecureTransport": str(_request.secure).lower()}
        if bucket.policy and denies(bucket.policy.decode(), action, resource, context):
            return PermissionResult.DENIED
        return PermissionResult.NEUTRAL

    def put_object_lock_configuration(
        backend: Any,
        bucket_name: str,
        lock_enabled: bool,
        mode: str | None = None,
        days: int | None = None,
        years: int | None = None,
    ) -> None:
        bucket = backend.get_bucket(bucket_name)
        if not bucket.is_versioned:
            raise InvalidBucketState("Object Lock needs a bucket with versioning")
        # moto refuses a bucket that holds objects; S3 has not since November 2023 ("Enable Object
        # Lock on an existing Amazon S3 bucket").
        bucket.object_lock_enabled = bucket.object_lock_enabled or lock_enabled
        bucket.default_lock_mode = mode
        bucket.default_lock_days = days
        bucket.default_lock_years = years

    put_bucket_versioning = S3Backend.put_bucket_versioning

    def put_bucket_versioning_unless_locked(backend: Any, bucket_name: str, status: str) -> None:
        # The words by which the AWS provider knows that this is no failure of a destroy.
        if status != "Enabled" and backend.get_bucket(bucket_name).object_lock_enabled:
            raise InvalidBucketState(
                "An Object Lock configuration is present on this bucket, so the versioning state "
                "cannot be changed."
            )
        put_bucket_versioning(backend, bucket_name, status)

    # Deleting a delete marker of a bucket whose versioning is suspended fails without it.
    FakeDeleteMarker.dispose = lambda _: None
    S3Backend.put_bucket_versioning = put_bucket_versioning_unless_locked
    FakeBucket.get_permission = get_permission
    S3Backend.put_object_lock_configuration = put_object_lock_configuration
