locals {
  apis = concat(
    [
      "artifactregistry.googleapis.com",
      "cloudbuild.googleapis.com",
      "cloudfunctions.googleapis.com",
      "cloudresourcemanager.googleapis.com",
      "cloudscheduler.googleapis.com",
      # Where people read traces, and where programs send them.
      "cloudtrace.googleapis.com",
      "compute.googleapis.com",
      "dns.googleapis.com",
      "eventarc.googleapis.com",
      # Eventarc asks for it as well: https://cloud.google.com/eventarc/docs/run/route-trigger-cloud-storage
      "eventarcpublishing.googleapis.com",
      "firestore.googleapis.com",
      "iam.googleapis.com",
      "iap.googleapis.com",
      # The site signs addresses of pictures with it.
      "iamcredentials.googleapis.com",
      "logging.googleapis.com",
      "monitoring.googleapis.com",
      "pubsub.googleapis.com",
      "run.googleapis.com",
      "secretmanager.googleapis.com",
      "storage.googleapis.com",
      "telemetry.googleapis.com",
    ],
    var.kms_key == null ? [] : ["cloudkms.googleapis.com"],
    var.machines == null ? [] : ["sts.googleapis.com"],
    var.billing_account == null ? [] : ["billingbudgets.googleapis.com"],
  )

  # The same value as var.project. Each resource takes its project from here, so that it waits for all the APIs.
  project = one(distinct([for api in google_project_service.apis : api.project]))
}

resource "google_project_service" "apis" {
  for_each = toset(local.apis)

  project            = var.project
  service            = each.value
  disable_on_destroy = false
}
