# Everything that has no default, with made-up values.
project        = "example-pictures"
project_number = "123456789012"
region         = "us-central1"
worker_image   = "us-central1-docker.pkg.dev/example-pictures/spillway-programs/cloudrun-worker@sha256:0000000000000000000000000000000000000000000000000000000000000000"
