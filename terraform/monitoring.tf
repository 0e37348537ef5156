# How much work people offer. The sweep's leader writes it (pipeline/gcp/offered-work-metric.ts).
resource "google_monitoring_metric_descriptor" "offered_work" {
  project      = local.project
  type         = "custom.googleapis.com/spillway/offered_work"
  display_name = "Spillway: offered work"
  description  = "Slots of VMs that the work of both targets would keep busy if VMs did all of it"
  metric_kind  = "GAUGE"
  value_type   = "DOUBLE"
  unit         = "s/s"
}

# Whatever sweeps writes it, and the agents of the VMs write figures of the machine.
resource "google_project_iam_member" "write_figures" {
  for_each = setunion(["functions"], local.vm_workers)

  project = local.project
  role    = "roles/monitoring.metricWriter"
  member  = google_service_account.accounts[each.value].member
}

resource "google_monitoring_notification_channel" "emails" {
  for_each = toset(var.alert_emails)

  project      = local.project
  display_name = "Spillway: ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }
}

locals {
  channels = [for channel in google_monitoring_notification_channel.emails : channel.id]

  # What is above a figure for some time.
  threshold_alerts = {
    dead-letters = {
      title     = "Messages are in the dead letters"
      filter    = "metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.jobs_dead_pull.name}\""
      aligner   = "ALIGN_MAX"
      threshold = 0
      duration  = "0s"
      advice    = "Look at them: `gcloud pubsub subscriptions pull jobs-dead-pull --limit=10`. Each says in its attribute `problem`, or in its content, why it was put aside. The dashboard names uploads for which nothing can be done."
    }
    pushes-late = {
      title     = "Messages wait long for Cloud Run"
      filter    = "metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.jobs_run_push.name}\""
      aligner   = "ALIGN_MAX"
      threshold = 600
      duration  = "300s"
      advice    = "Look at the log of the service spillway-worker: an instance that lacks something does not start, and says how to mend it. The dashboard shows whether routers have paused Cloud Run."
    }
    routing-fails = {
      title     = "The routing function fails"
      filter    = "metric.type = \"run.googleapis.com/request_count\" AND resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${google_cloudfunctions2_function.functions["route"].name}\" AND metric.labels.response_code_class = \"5xx\""
      aligner   = "ALIGN_RATE"
      threshold = 0
      duration  = "300s"
      advice    = "Look at the log of spillway-route. Eventarc repeats events for 24 hours."
    }
    worker-fails = {
      title     = "The Cloud Run worker fails"
      filter    = "metric.type = \"run.googleapis.com/request_count\" AND resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${google_cloud_run_v2_service.services["worker"].name}\" AND metric.labels.response_code_class = \"5xx\""
      aligner   = "ALIGN_RATE"
      threshold = 0
      duration  = "300s"
      advice    = "Every failure makes Pub/Sub push more slowly to all instances. Look at the log of spillway-worker. No picture causes this, only an instance or a service that it needs."
    }
  }

  # What is in a log.
  log_alerts = {
    cannot-start = {
      title  = "A program cannot work"
      filter = "\"cannot work and ends\" OR \"cannot work and end\" OR (severity >= ERROR AND \"Mend it with\")"
      advice = "Its line in the log names what is missing, and the command that mends it."
    }
    scheduler-fails = {
      title  = "A scheduled call fails"
      filter = "resource.type = \"cloud_scheduler_job\" AND severity >= ERROR"
      advice = "Look at the log of the function that its name says. VMs sweep as well; without any VM nothing does until this is mended."
    }
  }
}

resource "google_monitoring_alert_policy" "thresholds" {
  for_each = local.threshold_alerts

  project               = local.project
  display_name          = "Spillway: ${each.value.title}"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = each.value.title

    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.threshold
      duration        = each.value.duration

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.aligner == "ALIGN_RATE" ? "REDUCE_SUM" : "REDUCE_MAX"
      }
    }
  }

  documentation {
    content   = each.value.advice
    mime_type = "text/markdown"
  }
}

# The platform calls the sweep every minute, so that its silence means that nobody sweeps but VMs.
resource "google_monitoring_alert_policy" "sweep_is_silent" {
  project               = local.project
  display_name          = "Spillway: The sweep is not called"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "The sweep is not called"

    condition_absent {
      filter   = "metric.type = \"run.googleapis.com/request_count\" AND resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${google_cloudfunctions2_function.functions["sweep"].name}\" AND metric.labels.response_code_class = \"2xx\""
      duration = "900s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content   = "Look at the job spillway-sweep of Cloud Scheduler, and at the log of the function of the same name."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "logs" {
  for_each = local.log_alerts

  project               = local.project
  display_name          = "Spillway: ${each.value.title}"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = each.value.title

    condition_matched_log {
      filter = each.value.filter
    }
  }

  # Policies that look at logs have to say how often they tell at most.
  alert_strategy {
    auto_close = "1800s"

    notification_rate_limit {
      period = "3600s"
    }
  }

  documentation {
    content   = each.value.advice
    mime_type = "text/markdown"
  }
}
