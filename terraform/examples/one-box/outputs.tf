output "url" {
  description = "The service's address: SPILLWAY_RUN_URL of the machine."
  value       = local.url
}

output "account" {
  description = "The account as which the machine calls the service."
  value       = google_service_account.box.email
}

output "key" {
  description = "The command that makes a key of that account: GOOGLE_APPLICATION_CREDENTIALS names its file. Anybody who has the file can send pictures at your cost, until you delete the key."
  value       = "gcloud iam service-accounts keys create spillway-box.json --iam-account=${google_service_account.box.email} --project=${var.project}"
}
