# Wrong values of every variable that is checked. Nothing is asked of Google: the token is made up, and nothing is applied.
variables {
  project        = "example-pictures"
  project_number = "123456789012"
  region         = "us-central1"
  worker_image   = "us-central1-docker.pkg.dev/example-pictures/spillway-programs/cloudrun-worker@sha256:0000000000000000000000000000000000000000000000000000000000000000"
}

run "project_number_is_a_number" {
  command = plan
  variables {
    project_number = "example-pictures"
  }
  expect_failures = [var.project_number]
}

run "image_by_its_digest" {
  command = plan
  variables {
    worker_image = "us-central1-docker.pkg.dev/example-pictures/spillway-programs/cloudrun-worker:latest"
  }
  expect_failures = [var.worker_image]
}

run "no_instances" {
  command = plan
  variables {
    run_max_instances = 0
  }
  expect_failures = [var.run_max_instances]
}

run "no_slot" {
  command = plan
  variables {
    run_concurrency = 0
  }
  expect_failures = [var.run_concurrency]
}

run "three_processors" {
  command = plan
  variables {
    run_cpu = 3
  }
  expect_failures = [var.run_cpu]
}

run "too_little_memory" {
  command = plan
  variables {
    run_memory_gib = 1
  }
  expect_failures = [var.run_memory_gib]
}
