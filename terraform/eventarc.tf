# A finalized object of either bucket becomes an event for its routing function. Eventarc repeats what is not answered
# with 2xx, with longer and longer pauses, for 24 hours. Afterwards the hourly search finds the object.
# https://cloud.google.com/eventarc/docs/retry-events
resource "google_eventarc_trigger" "uploads" {
  for_each = {
    uploads     = { bucket = google_storage_bucket.pictures["uploads"].name, function = "route" }
    web-uploads = { bucket = google_storage_bucket.pictures["web_uploads"].name, function = "route-web" }
  }

  project = local.project
  name    = "spillway-${each.key}"
  # That of the bucket.
  location        = var.region
  service_account = google_service_account.accounts[local.callers[each.value.function]].email

  matching_criteria {
    attribute = "type"
    value     = "google.cloud.storage.object.v1.finalized"
  }

  matching_criteria {
    attribute = "bucket"
    value     = each.value.bucket
  }

  destination {
    cloud_run_service {
      service = google_cloudfunctions2_function.functions[each.value.function].name
      region  = var.region
    }
  }

  depends_on = [
    google_cloud_run_v2_service_iam_member.callers,
    google_project_iam_member.events_receives,
    google_project_iam_member.storage_publishes,
  ]
}

resource "google_project_iam_member" "events_receives" {
  project = local.project
  role    = "roles/eventarc.eventReceiver"
  member  = google_service_account.accounts["events"].member
}

# Cloud Storage's account exists once somebody asked for it. It is read while applying, when the API is on.
data "google_storage_project_service_account" "agent" {
  project = local.project

  depends_on = [google_project_service.apis]
}

# Cloud Storage tells Eventarc of objects through topics that Eventarc makes itself.
resource "google_project_iam_member" "storage_publishes" {
  project = local.project
  role    = "roles/pubsub.publisher"
  # Not what is read above: whenever an API is added, that is unknown while planning, and the right would be replaced.
  member = local.agents.storage

  depends_on = [data.google_storage_project_service_account.agent]
}
