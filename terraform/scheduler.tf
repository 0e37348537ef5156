# Cloud Scheduler calls once a minute at most. A call that fails is not repeated before the next one is due.
resource "google_cloud_scheduler_job" "calls" {
  for_each = {
    sweep     = { schedule = "* * * * *", deadline = "120s", repeats = 0 }
    find-lost = { schedule = "17 * * * *", deadline = "1800s", repeats = 1 }
  }

  project          = local.project
  region           = var.region
  name             = "spillway-${each.key}"
  description      = "Calls the function spillway-${each.key}"
  schedule         = each.value.schedule
  time_zone        = "Etc/UTC"
  attempt_deadline = each.value.deadline

  retry_config {
    retry_count = each.value.repeats
  }

  http_target {
    http_method = "POST"
    uri         = "${google_cloudfunctions2_function.functions[each.key].service_config[0].uri}/"

    oidc_token {
      service_account_email = google_service_account.accounts[local.callers[each.key]].email
      audience              = google_cloudfunctions2_function.functions[each.key].service_config[0].uri
    }
  }

  depends_on = [google_cloud_run_v2_service_iam_member.callers]
}
