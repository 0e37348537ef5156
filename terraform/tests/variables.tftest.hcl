# Wrong values are refused before anything is made. The provider answers with made-up values here, and nothing is called.
mock_provider "google" {}

mock_provider "google" {
  alias = "billing"
}

variables {
  project           = "example-pictures"
  project_number    = "123456789012"
  functions_archive = "versions.tf"
  worker_image      = "us-central1-docker.pkg.dev/example/programs/worker@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  site_image        = "us-central1-docker.pkg.dev/example/programs/site@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  vm_image          = "us-central1-docker.pkg.dev/example/programs/vm@sha256:0000000000000000000000000000000000000000000000000000000000000000"
}

run "what_is_required_is_enough" {
  command = plan
}

run "what_is_no_name" {
  command = plan

  variables {
    project           = "Example Pictures"
    project_number    = "example-pictures"
    region            = "us-central1-a"
    functions_archive = "missing.zip"
    worker_image      = "us-central1-docker.pkg.dev/example/programs/worker:latest"
    site_image        = "us-central1-docker.pkg.dev/example/programs/site:latest"
    vm_image          = "docker.io/example/vm@sha256:0000000000000000000000000000000000000000000000000000000000000000"
    site_url          = "http://pictures.example.com/path"
    admins            = ["allUsers"]
    alert_emails      = ["nobody"]
    billing_account   = "my account"
    runbook_url       = "http://example.com/operations.md#top"
    vm_range          = "10.80.0.0"
    vm_machine_type   = "large"
    operations        = ["first,second"]
    run_models        = [""]
  }

  expect_failures = [
    var.project,
    var.project_number,
    var.region,
    var.functions_archive,
    var.worker_image,
    var.site_image,
    var.vm_image,
    var.site_url,
    var.admins,
    var.alert_emails,
    var.billing_account,
    var.runbook_url,
    var.vm_range,
    var.vm_machine_type,
    var.operations,
    var.run_models,
  ]
}

run "too_little" {
  command = plan

  variables {
    rights_wait_seconds       = -1
    soft_delete_days          = 1
    uploads_kept_days         = 2
    results_kept_days         = 0
    backups_kept_days         = -1
    run_concurrency           = 0
    run_slots                 = 0
    run_memory_gib            = 0
    run_most_dollars_per_hour = -1
    route_min_instances       = -1
    sweep_for_seconds         = -1
    site_proxies              = 0
    site_max_instances        = 0
    vm_count                  = -1
    vm_target_load            = 0
    vm_scale_in               = { count = 0, minutes = 10 }
    vm_slots                  = 0
    vm_disk_gb                = 10
    budget_amount             = 0
    secrets_version           = 0
  }

  expect_failures = [
    var.rights_wait_seconds,
    var.soft_delete_days,
    var.uploads_kept_days,
    var.results_kept_days,
    var.backups_kept_days,
    var.run_concurrency,
    var.run_slots,
    var.run_memory_gib,
    var.run_most_dollars_per_hour,
    var.route_min_instances,
    var.sweep_for_seconds,
    var.site_proxies,
    var.site_max_instances,
    var.vm_count,
    var.vm_target_load,
    var.vm_scale_in,
    var.vm_slots,
    var.vm_disk_gb,
    var.budget_amount,
    var.secrets_version,
  ]
}

run "too_much" {
  command = plan

  variables {
    rights_wait_seconds       = 901
    soft_delete_days          = 91
    backups_kept_days         = 99
    run_concurrency           = 81
    run_slots                 = 82
    run_cpu                   = 16
    run_most_dollars_per_hour = 1000001
    route_max_instances       = 1001
    sweep_for_seconds         = 59
    site_proxies              = 4
    site_max_instances        = 101
    vm_count                  = 1001
    vm_target_load            = 1.1
    vm_scale_in               = { count = 1, minutes = 61 }
    vm_slots                  = 129
    vm_disk_gb                = 1001
  }

  expect_failures = [
    var.rights_wait_seconds,
    var.soft_delete_days,
    var.backups_kept_days,
    var.run_concurrency,
    var.run_slots,
    var.run_cpu,
    var.run_most_dollars_per_hour,
    var.route_max_instances,
    var.sweep_for_seconds,
    var.site_proxies,
    var.site_max_instances,
    var.vm_count,
    var.vm_target_load,
    var.vm_scale_in,
    var.vm_slots,
    var.vm_disk_gb,
  ]
}

run "no_vms_by_schedule" {
  command = plan

  variables {
    vm_schedules = { nights = { count = 0, start = "0 1 * * *", minutes = 60 } }
  }

  expect_failures = [var.vm_schedules]
}

run "too_many_vms_by_schedule" {
  command = plan

  variables {
    vm_schedules = { nights = { count = 1001, start = "0 1 * * *", minutes = 60 } }
  }

  expect_failures = [var.vm_schedules]
}

run "no_whole_number" {
  command = plan

  variables {
    soft_delete_days    = 7.5
    uploads_kept_days   = 3.5
    run_concurrency     = 1.5
    run_slots           = 1.5
    route_max_instances = 0.5
    vm_count            = 1.5
    vm_slots            = 1.5
    budget_amount       = 1.5
  }

  expect_failures = [
    var.soft_delete_days,
    var.uploads_kept_days,
    var.run_concurrency,
    var.run_slots,
    var.route_max_instances,
    var.vm_count,
    var.vm_slots,
    var.budget_amount,
  ]
}

run "what_does_not_go_together" {
  command = plan

  variables {
    kms_key             = "projects/example/locations/elsewhere/keyRings/ring/cryptoKeys/key"
    run_cpu             = 1
    run_memory_gib      = 8
    route_min_instances = 3
    route_max_instances = 2
    vm_count            = 3
    vm_max_count        = 2
  }

  expect_failures = [
    var.kms_key,
    var.run_memory_gib,
    var.route_min_instances,
    var.vm_max_count,
  ]
}

run "too_few_instances" {
  command = plan

  variables {
    run_max_instances = -1
  }

  expect_failures = [var.run_max_instances]
}

run "too_many_instances" {
  command = plan

  variables {
    run_max_instances = 1000
  }

  expect_failures = [var.run_max_instances]
}

run "half_an_instance" {
  command = plan

  variables {
    run_max_instances = 1.5
  }

  expect_failures = [var.run_max_instances]
}

run "nobody_who_works" {
  command = plan

  variables {
    run_max_instances = 0
    vm_count          = 0
    vm_max_count      = 0
  }

  expect_failures = [var.run_max_instances]
}

run "a_range_that_is_too_small" {
  command = plan

  variables {
    vm_range = "10.80.0.0/29"
  }

  expect_failures = [var.vm_range]
}

run "schedules_without_a_figure_of_the_work" {
  command = plan

  variables {
    vm_count     = 0
    vm_max_count = 0
    vm_schedules = { nights = { count = 4, start = "0 1 * * *", minutes = 60 } }
  }

  expect_failures = [var.vm_schedules]
}

run "no_such_name" {
  command = plan

  variables {
    vm_schedules = { "Every night" = { count = 4, start = "0 1 * * *", minutes = 60 } }
  }

  expect_failures = [var.vm_schedules]
}

run "no_such_time" {
  command = plan

  variables {
    vm_schedules = { nights = { count = 4, start = "at night", minutes = 60 } }
  }

  expect_failures = [var.vm_schedules]
}

run "no_such_operation" {
  command = plan

  variables {
    routing = { objectives_ms = { "Pencil sketch" = 5000 } }
  }

  expect_failures = [var.routing]
}

run "no_such_objective_of_bulk" {
  command = plan

  variables {
    routing = { bulk = { objective_ms = 0 } }
  }

  expect_failures = [var.routing]
}

run "no_such_batch" {
  command = plan

  variables {
    routing = { bulk = { batch_over = 0.5 } }
  }

  expect_failures = [var.routing]
}

run "no_such_owner" {
  command = plan

  variables {
    routing = { owner_shares = { __ann__ = 2 } }
  }

  expect_failures = [var.routing]
}

run "no_such_policy" {
  command = plan

  variables {
    routing = { policy = "random" }
  }

  expect_failures = [var.routing]
}

run "no_such_confidence" {
  command = plan

  variables {
    routing = { confidence = 6 }
  }

  expect_failures = [var.routing]
}

run "no_such_objective" {
  command = plan

  variables {
    routing = { objectives_ms = { sketch = 0 } }
  }

  expect_failures = [var.routing]
}

run "no_such_share" {
  command = plan

  variables {
    routing = { owner_shares = { ann = 0 } }
  }

  expect_failures = [var.routing]
}

run "machines_that_prove_nothing" {
  command = plan

  variables {
    machines = { subjects = ["studio-1"] }
  }

  expect_failures = [var.machines]
}

run "machines_with_a_bad_subject" {
  command = plan

  variables {
    machines = { subjects = ["studio 1"], issuer = "https://issuer.example.com" }
  }

  expect_failures = [var.machines]
}

run "machines_whose_issuer_is_not_safe" {
  command = plan

  variables {
    machines = { subjects = ["studio-1"], issuer = "http://issuer.example.com" }
  }

  expect_failures = [var.machines]
}

run "machines_without_the_file" {
  command = plan

  variables {
    machines = { subjects = ["studio-1"], authority_files = ["missing.pem"] }
  }

  expect_failures = [var.machines]
}

run "traces_of_more_than_all_jobs" {
  command = plan

  variables {
    traces_sampled = 1.5
  }

  expect_failures = [var.traces_sampled]
}

run "prewarming_of_no_whole_instance" {
  command = plan

  variables {
    forecast = { min_instances = { least = 0.5 } }
  }

  expect_failures = [var.forecast]
}

run "prewarming_of_at_least_more_than_at_most" {
  command = plan

  variables {
    forecast = { min_instances = { least = 3, most = 2 } }
  }

  expect_failures = [var.forecast]
}

run "prewarming_of_more_than_the_service_has" {
  command = plan

  variables {
    forecast          = { prewarming = true, min_instances = { most = 9 } }
    run_max_instances = 8
  }

  expect_failures = [var.forecast]
}
