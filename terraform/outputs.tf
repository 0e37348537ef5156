output "site" {
  description = "Address of the site."
  value       = local.site_origin
}

output "dashboard" {
  description = "Address of the dashboard. Without Identity-Aware Proxy, the command that leads to it from this machine, at http://localhost:8080."
  value       = local.admin_behind_iap ? local.service_origins["admin"] : "gcloud run services proxy ${google_cloud_run_v2_service.services["admin"].name} --region=${var.region} --project=${var.project}"
}

output "dashboard_token" {
  description = "The command that prints the token of the dashboard. Null behind Identity-Aware Proxy, where it has none."
  value       = local.admin_behind_iap ? null : "gcloud secrets versions access latest --secret=${google_secret_manager_secret.secrets["admin-token"].secret_id} --project=${var.project}"
}

output "uploads_bucket" {
  description = "Where integrators put pictures. Give their accounts roles/storage.objectCreator on it."
  value       = google_storage_bucket.pictures["uploads"].name
}

output "results_bucket" {
  description = "Where results and receipts are."
  value       = google_storage_bucket.pictures["results"].name
}

output "models_bucket" {
  description = "Where VMs fetch models from."
  value       = google_storage_bucket.artefacts["models"].name
}

output "images" {
  description = "Where container images are pushed to."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images["programs"].repository_id}"
}

output "accounts" {
  description = "The account of each program, and of each of Google's services that calls one."
  value       = { for name, account in google_service_account.accounts : name => account.email }
}

output "job_events_topic" {
  description = "Every job that ends is announced there. A subscription needs an expiration period of `never`."
  value       = google_pubsub_topic.topics["job-events"].id
}

output "machines" {
  description = "What a machine of your own needs to prove who it is: the account that it works as, and the provider of the identity pool. Null where there are none."
  value = var.machines == null ? null : {
    account  = google_service_account.accounts["machine"].email
    provider = one(google_iam_workload_identity_pool_provider.machines[*].name)
  }
}

output "doctor" {
  description = "The command that asks this deployment how it is. It needs `gcloud auth application-default login`."
  value       = "SPILLWAY_UPLOADS_BUCKET=${google_storage_bucket.pictures["uploads"].name} SPILLWAY_WEB_UPLOADS_BUCKET=${google_storage_bucket.pictures["web_uploads"].name} SPILLWAY_RESULTS_BUCKET=${google_storage_bucket.pictures["results"].name} npx spillway doctor --project ${var.project}"
}
