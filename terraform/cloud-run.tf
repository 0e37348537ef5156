# The services of Cloud Run: the worker, the site and the dashboard. What each of them is like is in its own file.
locals {
  services = {
    worker = local.worker_service
    site   = local.site_service
    admin  = local.admin_service
  }

  # Known before there is a service: https://cloud.google.com/run/docs/triggering/https-request#deterministic
  service_origins = {
    for name in ["worker", "site", "admin"] :
    name => "https://spillway-${name}-${var.project_number}.${var.region}.run.app"
  }
}

resource "google_cloud_run_v2_service" "services" {
  for_each = local.services

  project              = local.project
  name                 = "spillway-${each.key}"
  location             = var.region
  ingress              = each.value.ingress
  iap_enabled          = each.value.iap
  invoker_iam_disabled = each.value.open_to_all
  deletion_protection  = false

  template {
    service_account                  = google_service_account.accounts[each.key].email
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    timeout                          = "${each.value.timeout_seconds}s"
    max_instance_request_concurrency = each.value.concurrency
    session_affinity                 = each.value.session_affinity

    scaling {
      min_instance_count = 0
      max_instance_count = each.value.max_instances
    }

    containers {
      image = each.value.image

      resources {
        limits = {
          cpu    = tostring(each.value.cpu)
          memory = "${each.value.memory_gib}Gi"
        }
        # Between requests there is no processor time and no bill.
        cpu_idle          = true
        startup_cpu_boost = true
      }

      ports {
        container_port = 8080
      }

      dynamic "env" {
        for_each = each.value.environment
        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = each.value.secrets
        content {
          name = env.value
          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.secrets[env.key].secret_id
              version = google_secret_manager_secret_version.secrets[env.key].version
            }
          }
        }
      }

      # It listens only once it is ready. There is no probe while it lives: when Firestore is away, it is away from all
      # instances, and new ones would not help.
      startup_probe {
        tcp_socket {
          port = 8080
        }
        period_seconds    = 2
        timeout_seconds   = 2
        failure_threshold = 60
      }
    }
  }

  # Said, because the provider otherwise keeps what it finds: after a rollback by hand no apply would reach anybody.
  traffic {
    type    = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
    percent = 100
  }

  lifecycle {
    # The service's own minimum, beside that of its revisions, is prewarming's.
    ignore_changes = [scaling]

    precondition {
      condition     = each.value.image != ""
      error_message = "There is no image of spillway-${each.key}. `npm run images` makes all of them: docs/deploy.md."
    }
  }

  # Each looks at what it needs when it starts, and does not start without it.
  depends_on = [
    google_firestore_document.routing,
    google_firestore_field.overrides,
    google_firestore_index.composite,
    terraform_data.rights_have_arrived,
  ]
}
