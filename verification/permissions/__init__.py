"""What each role may do in AWS, evaluated request by request."""
