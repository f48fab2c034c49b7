"""What the settings decide, as data: names, buckets, subnets, traffic, sizes. No chart."""
