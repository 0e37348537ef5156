locals {
  # Secrets of the site, and the variables in which it reads them (web/config.ts).
  secrets = {
    session-secret = "SPILLWAY_SESSION_SECRET"
    admin-token    = "SPILLWAY_ADMIN_TOKEN"
  }
}

resource "google_secret_manager_secret" "secrets" {
  for_each = local.secrets

  project   = local.project
  secret_id = "spillway-${each.key}"

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }
}

resource "google_secret_manager_secret_version" "secrets" {
  for_each = local.secrets

  secret = google_secret_manager_secret.secrets[each.key].id
  # Each is made of the random bits of two version 4 UUIDs. Terraform makes them while applying, sends them to Secret
  # Manager, and forgets them: neither the plan nor the state has them.
  secret_data_wo         = "${uuid()}-${uuid()}"
  secret_data_wo_version = var.secrets_version

  # The old version is read by the revision that is still running.
  lifecycle {
    create_before_destroy = true
  }
}

resource "google_secret_manager_secret_iam_member" "site_reads_secrets" {
  for_each = local.secrets

  project   = local.project
  secret_id = google_secret_manager_secret.secrets[each.key].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.accounts["site"].member
}
