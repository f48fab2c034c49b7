"""Images, licences, scanners, bill of materials."""
