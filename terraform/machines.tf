# VM workers on machines of one's own, anywhere. They have an account of their own, and the rights of a VM worker without
# those that only a VM of Google's needs.
#
# A machine proves who it is to an identity pool, and then works as that account. No key of the account exists: neither
# the tokens that a machine's identity provider issues nor its certificate are worth anything without the pool.
locals {
  machine_pool = var.machines == null ? null : length(var.machines.subjects) == 0 ? null : var.machines
}

resource "google_iam_workload_identity_pool" "machines" {
  count = local.machine_pool == null ? 0 : 1

  project                   = local.project
  workload_identity_pool_id = "spillway-machines"
  display_name              = "Spillway: machines"
  description               = "VM workers on machines of your own"
}

resource "google_iam_workload_identity_pool_provider" "machines" {
  count = local.machine_pool == null ? 0 : 1

  project                            = local.project
  workload_identity_pool_id          = google_iam_workload_identity_pool.machines[0].workload_identity_pool_id
  workload_identity_pool_provider_id = "machines"
  display_name                       = "Spillway: machines"

  # A certificate names its machine by its common name, a token by its subject.
  attribute_mapping = {
    "google.subject" = local.machine_pool.issuer == null ? "assertion.subject.dn.cn" : "assertion.sub"
  }
  # The identity provider or the authority may know others, who are nobody here.
  attribute_condition = "google.subject in ${jsonencode(local.machine_pool.subjects)}"

  dynamic "oidc" {
    for_each = local.machine_pool.issuer[*]
    content {
      issuer_uri        = oidc.value
      allowed_audiences = local.machine_pool.audiences
      jwks_json         = local.machine_pool.jwks_file == null ? null : file(local.machine_pool.jwks_file)
    }
  }

  dynamic "x509" {
    for_each = local.machine_pool.issuer == null ? [local.machine_pool.authority_files] : []
    content {
      trust_store {
        dynamic "trust_anchors" {
          for_each = x509.value
          content {
            pem_certificate = file(trust_anchors.value)
          }
        }
      }
    }
  }
}

resource "google_service_account_iam_member" "machines_work_as" {
  for_each = toset(try(local.machine_pool.subjects, []))

  service_account_id = google_service_account.accounts["machine"].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principal://iam.googleapis.com/projects/${var.project_number}/locations/global/workloadIdentityPools/${google_iam_workload_identity_pool.machines[0].workload_identity_pool_id}/subject/${each.value}"
}
