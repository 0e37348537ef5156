locals {
  # Secrets of each program, and the variables in which it reads them (web/config.ts). The site cannot sign for the
  # dashboard, and the dashboard has a token only where no proxy asks who somebody is.
  secrets_of = {
    site  = { site-session = "SPILLWAY_SESSION_SECRET" }
    admin = merge({ admin-session = "SPILLWAY_SESSION_SECRET" }, local.admin_behind_iap ? {} : { admin-token = "SPILLWAY_ADMIN_TOKEN" })
  }
  # Which program reads which.
  secret_readers = merge([for program, secrets in local.secrets_of : { for secret in keys(secrets) : secret => program }]...)
}

resource "google_secret_manager_secret" "secrets" {
  for_each = local.secret_readers

  project   = local.project
  secret_id = "spillway-${each.key}"

  replication {
    user_managed {
      replicas {
        location = var.region

        dynamic "customer_managed_encryption" {
          for_each = var.kms_key[*]
          content {
            kms_key_name = customer_managed_encryption.value
          }
        }
      }
    }
  }

  depends_on = [terraform_data.key_is_usable]
}

resource "google_secret_manager_secret_version" "secrets" {
  for_each = local.secret_readers

  secret = google_secret_manager_secret.secrets[each.key].id
  # Each has 244 random bits. Terraform makes them while applying, sends them to Secret Manager, and forgets them: neither
  # the plan nor the state has them.
  secret_data_wo         = "${uuid()}-${uuid()}"
  secret_data_wo_version = var.secrets_version

  # The old version is read by the revision that is still running.
  lifecycle {
    create_before_destroy = true
  }
}

resource "google_secret_manager_secret_iam_member" "readers" {
  for_each = local.secret_readers

  project   = local.project
  secret_id = google_secret_manager_secret.secrets[each.key].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.accounts[each.value].member
}
