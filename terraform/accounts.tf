# One account for each program, and one for each of Google's services that calls a program.
locals {
  accounts = merge({
    functions = "The functions: they route uploads, sweep, and search for lost uploads"
    worker    = "The Cloud Run worker"
    vm        = "The VM workers"
    site      = "The site"
    admin     = "The dashboard"
    pusher    = "Pub/Sub calls the Cloud Run worker with its tokens"
    events    = "Eventarc calls the routing function with its tokens"
    scheduler = "Cloud Scheduler calls sweep and search with its tokens"
    builder   = "Cloud Build builds the functions"
  }, var.machines == null ? {} : { machine = "VM workers on machines of your own" })

  # Accounts that work as a VM worker.
  vm_workers = setintersection(["vm", "machine"], keys(local.accounts))

  # Accounts that Google itself works with in this project.
  # https://cloud.google.com/iam/docs/service-agents
  agents = {
    eventarc = "serviceAccount:service-${var.project_number}@gcp-sa-eventarc.iam.gserviceaccount.com"
    pubsub   = "serviceAccount:service-${var.project_number}@gcp-sa-pubsub.iam.gserviceaccount.com"
    storage  = "serviceAccount:service-${var.project_number}@gs-project-accounts.iam.gserviceaccount.com"
    database = "serviceAccount:service-${var.project_number}@gcp-sa-firestore.iam.gserviceaccount.com"
    registry = "serviceAccount:service-${var.project_number}@gcp-sa-artifactregistry.iam.gserviceaccount.com"
    secrets  = "serviceAccount:service-${var.project_number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
    iap      = "serviceAccount:service-${var.project_number}@gcp-sa-iap.iam.gserviceaccount.com"
    disks    = "serviceAccount:service-${var.project_number}@compute-system.iam.gserviceaccount.com"
  }
}

resource "google_service_account" "accounts" {
  for_each = local.accounts

  project      = local.project
  account_id   = "spillway-${each.key}"
  display_name = "Spillway ${each.key}"
  description  = each.value
}
