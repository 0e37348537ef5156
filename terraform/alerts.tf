# Every alarm is one thing that a person has to do something about. docs/operations.md has an entry for each, under its
# title, with the reasons of the thresholds; a test holds the two together.
resource "google_monitoring_notification_channel" "emails" {
  for_each = toset(var.alert_emails)

  project      = local.project
  display_name = "Spillway: ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }
}

locals {
  channels = [for channel in google_monitoring_notification_channel.emails : channel.id]

  # Routers promise that a target is in time with 95 % (confidence 1.65 in core/settings.ts), so 5 % may be late.
  late_share = 0.05
  # Bulk jobs have the longest objective by default, and the oldest job may be one.
  longest_objective_seconds = max(coalesce(var.routing.bulk.objective_ms, 600000), values(var.routing.objectives_ms)...) / 1000

  # Budget burnt by how much too fast, over a long window and a short one:
  # https://sre.google/workbook/alerting-on-slos/#6-multiwindow-multi-burn-rate-alerts
  burn_rate_alerts = {
    objectives-missed-fast = {
      title    = "Jobs miss their objectives fast"
      severity = "CRITICAL"
      rate     = 14.4
      windows  = ["3600s", "300s"]
      advice   = "Most jobs end later than people were promised. Look at what they wait for: VMs, Cloud Run, or neither."
    }
    objectives-missed-slowly = {
      title    = "Jobs miss their objectives slowly"
      severity = "WARNING"
      rate     = 6
      windows  = ["21600s", "1800s"]
      advice   = "For hours, too many jobs have ended later than people were promised. There are too few VMs, or a setting is wrong."
    }
  }

  # What is above a figure, or below it, for some time.
  threshold_alerts = merge(
    {
      jobs-wait = {
        title     = "A job waits far too long"
        severity  = "ERROR"
        filter    = local.metric["spillway.queue.oldest_age"]
        aligner   = "ALIGN_MAX"
        group_by  = ["metric.labels.target"]
        threshold = 1.5 * local.longest_objective_seconds
        duration  = "300s"
        advice    = "The oldest job has waited for longer than any objective. Look at what its target lacks."
      }
      breaker-open = {
        title     = "A breaker stays open"
        severity  = "WARNING"
        filter    = local.metric["spillway.breaker.open"]
        aligner   = "ALIGN_MIN"
        group_by  = ["metric.labels.target"]
        threshold = 0
        duration  = "900s"
        advice    = "Cloud Run, or a VM, has taken no work for a quarter of an hour, and every test picture failed."
      }
      jobs-fail = {
        title     = "Jobs fail through no fault of their pictures"
        severity  = "ERROR"
        filter    = local.faults
        aligner   = "ALIGN_DELTA"
        period    = "600s"
        group_by  = ["metric.labels.code"]
        threshold = 10
        duration  = "0s"
        advice    = "The code says what kind of fault it is. Each job's page has the sentence, and the trace shows where it failed."
      }
      dead-letters = {
        title     = "Messages are in the dead letters"
        severity  = "ERROR"
        filter    = "metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.jobs_dead_pull.name}\""
        aligner   = "ALIGN_MAX"
        threshold = 0
        duration  = "0s"
        advice    = "Look at them: `gcloud pubsub subscriptions pull jobs-dead-pull --limit=10`. Each says in its attribute `problem`, or in its content, why it was put aside."
      }
      needs-a-person = {
        title     = "Something needs a person"
        severity  = "WARNING"
        filter    = local.metric["spillway.passed_over"]
        aligner   = "ALIGN_MIN"
        threshold = 0
        duration  = "1800s"
        advice    = "There are uploads or jobs for which Spillway can do nothing. The dashboard names each, and why."
      }
      pushes-late = {
        title     = "Messages wait long for Cloud Run"
        severity  = "ERROR"
        filter    = "metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.jobs_run_push.name}\""
        aligner   = "ALIGN_MAX"
        threshold = 600
        duration  = "300s"
        advice    = "Look at the log of the service spillway-worker: an instance that lacks something does not start, and says how to mend it."
      }
      routing-fails = {
        title     = "A routing function fails"
        severity  = "CRITICAL"
        filter    = "${local.answers_5xx} AND resource.labels.service_name = one_of(\"${google_cloudfunctions2_function.functions["route"].name}\", \"${google_cloudfunctions2_function.functions["route-web"].name}\")"
        aligner   = "ALIGN_RATE"
        group_by  = ["resource.labels.service_name"]
        threshold = 0
        duration  = "300s"
        advice    = "New uploads become no jobs. Look at the log of spillway-route, or of spillway-route-web for the site's uploads. Eventarc repeats events for 24 hours."
      }
      worker-fails = {
        title     = "The Cloud Run worker fails"
        severity  = "ERROR"
        filter    = "${local.answers_5xx} AND resource.labels.service_name = \"${google_cloud_run_v2_service.services["worker"].name}\""
        aligner   = "ALIGN_RATE"
        threshold = 0
        duration  = "300s"
        advice    = "Every failure makes Pub/Sub push more slowly to all instances. Look at the log of spillway-worker. No picture causes this, only an instance or a service that it needs."
      }
      site-fails = {
        title     = "The site or the dashboard fails"
        severity  = "ERROR"
        filter    = "${local.answers_5xx} AND resource.labels.service_name = one_of(\"${google_cloud_run_v2_service.services["site"].name}\", \"${google_cloud_run_v2_service.services["admin"].name}\")"
        aligner   = "ALIGN_RATE"
        group_by  = ["resource.labels.service_name"]
        threshold = 0
        duration  = "300s"
        advice    = "For five minutes some requests have been answered with an error of the server. Its log has one line for each."
      }
      program-errors = {
        title    = "A program reports many errors"
        severity = "WARNING"
        # A condition looks at one type of resource.
        resources = ["cloud_run_revision", "gce_instance"]
        filter    = "metric.type = \"${local.log_metric_types.errors}\""
        aligner   = "ALIGN_DELTA"
        period    = "600s"
        group_by  = ["metric.labels.program"]
        # Lines: a program writes each at most once a minute.
        threshold = 5
        duration  = "0s"
        advice    = "Look at the log of the program that the incident names."
      }
      calls-refused = {
        title    = "Calls are refused again and again"
        severity = "WARNING"
        filter   = "metric.type = \"${local.log_metric_types.refused_calls}\" AND resource.type = \"cloud_run_revision\""
        aligner  = "ALIGN_DELTA"
        period   = "600s"
        group_by = ["metric.labels.program", "metric.labels.reason"]
        # Lines, not calls: a program writes one a minute for each reason.
        threshold = 5
        duration  = "0s"
        advice    = "Cloud Run let a caller in whom the program itself does not know. The reason in the incident says whether a setting is wrong or somebody has a role too many."
      }
      dashboard-is-open = {
        title     = "The dashboard does not turn strangers away"
        severity  = "CRITICAL"
        filter    = "${local.uptime} AND resource.labels.host = \"${trimprefix(local.service_origins["admin"], "https://")}\""
        aligner   = "ALIGN_NEXT_OLDER"
        period    = "300s"
        reducer   = "REDUCE_COUNT_FALSE"
        threshold = 1
        duration  = "120s"
        advice    = "A stranger gets another answer than a refusal: the dashboard is open, or it does not answer at all."
      }
    },
    # Without either, VMs start once there is work, and until then nothing takes any.
    var.vm_count == 0 && var.run_max_instances == 0 ? {} : {
      nothing-takes-work = {
        title     = "Nothing takes work"
        severity  = "CRITICAL"
        filter    = local.metric["spillway.targets.open"]
        aligner   = "ALIGN_MAX"
        below     = true
        threshold = 1
        duration  = "120s"
        advice    = "Neither a VM nor Cloud Run takes work. Jobs wait and nothing is lost; start a VM, or open what closed Cloud Run."
      }
    },
    var.vm_count == 0 ? {} : {
      vms-missing = {
        title     = "VM workers are missing"
        severity  = "ERROR"
        filter    = "${local.metric["spillway.workers"]} AND metric.labels.target = \"vm\" AND metric.labels.state = one_of(\"ready\", \"paused\", \"draining\")"
        aligner   = "ALIGN_MAX"
        reducer   = "REDUCE_SUM"
        below     = true
        threshold = var.vm_count
        duration  = "900s"
        advice    = "Fewer VM workers are alive than the pool has at least. Look at the instance group spillway-vms and at the log of its VMs."
      }
    },
    var.site_public ? {
      site-is-down = {
        title     = "The site does not answer"
        severity  = "CRITICAL"
        filter    = "${local.uptime} AND resource.labels.host = \"${trimprefix(local.site_origin, "https://")}\""
        aligner   = "ALIGN_NEXT_OLDER"
        period    = "300s"
        reducer   = "REDUCE_COUNT_FALSE"
        threshold = 1
        duration  = "120s"
        advice    = "From two places of the world or more, the site does not answer, or says that it cannot reach the database."
      }
    } : {},
    var.run_most_dollars_per_hour == null || var.run_max_instances == 0 ? {} : {
      spend-near-limit = {
        title     = "Cloud Run's spending nears its limit"
        severity  = "WARNING"
        filter    = local.metric["spillway.spend.last_hour"]
        aligner   = "ALIGN_MAX"
        threshold = 0.8 * var.run_most_dollars_per_hour
        duration  = "300s"
        advice    = "At the limit new work waits for the VMs. Decide now whether the work is worth more, or whether somebody sends too much."
      }
    },
  )
  answers_5xx = "metric.type = \"run.googleapis.com/request_count\" AND resource.type = \"cloud_run_revision\" AND metric.labels.response_code_class = \"5xx\""
  uptime      = "metric.type = \"monitoring.googleapis.com/uptime_check/check_passed\" AND resource.type = \"uptime_url\""

  # What has to be written all the time, and is silent.
  absence_alerts = {
    sweep-is-silent = {
      title    = "The sweep is not called"
      severity = "ERROR"
      filter   = "metric.type = \"run.googleapis.com/request_count\" AND resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${google_cloudfunctions2_function.functions["sweep"].name}\" AND metric.labels.response_code_class = \"2xx\""
      aligner  = "ALIGN_RATE"
      period   = "300s"
      duration = "900s"
      advice   = "Look at the job spillway-sweep of Cloud Scheduler, and at the log of the function of the same name."
    }
    telemetry-is-absent = {
      title    = "No metrics arrive"
      severity = "ERROR"
      filter   = local.metric["spillway.queue.oldest_age"]
      aligner  = "ALIGN_MAX"
      period   = "60s"
      duration = "900s"
      advice   = "Nobody has said for a quarter of an hour how the queue is, so that other alarms are blind. Either nobody sweeps, or the program that sweeps may not write metrics."
    }
  }

  # Lines of programs that begin so. What a stranger sends, such as the name of a file, is in the middle of a line, and an
  # audit log has the text of the alarm itself: neither may call anybody. Container-Optimized OS may send a line as it is,
  # or as text, in which quotes of a value have a backslash before them and the message comes last.
  lines_that_begin = {
    for name, alert in local.log_alerts : name => join(" OR ", flatten([for beginning in lookup(alert, "messages", []) : [
      "(resource.type = (\"cloud_run_revision\" OR \"gce_instance\") AND severity >= WARNING AND jsonPayload.message =~ ${jsonencode("^${beginning}")})",
      "(resource.type = \"gce_instance\" AND jsonPayload.message =~ ${jsonencode("^[{]\"severity\":\"(WARNING|ERROR|CRITICAL)\".*,\"message\":\"${beginning}([^\"\\\\]|\\\\.)*\"[}]$")})",
    ]]))
  }

  # What is in a log.
  log_alerts = {
    cannot-start = {
      title    = "A program cannot work"
      severity = "CRITICAL"
      messages = ["This VM worker cannot work and ends", "This instance cannot work and ends", "The functions cannot work and end", "The site cannot work and ends"]
      advice   = "Its line in the log names what is missing, and the command that mends it."
    }
    scheduler-fails = {
      title    = "A scheduled call fails"
      severity = "ERROR"
      filter   = "resource.type = \"cloud_scheduler_job\" AND severity >= ERROR"
      advice   = "Look at the log of the function that its name says. VMs sweep as well; without any VM nothing does until this is mended."
    }
    uploads-were-lost = {
      title    = "Events of uploads were lost"
      severity = "WARNING"
      messages = ["Uploads had no jobs, because their events were lost"]
      advice   = "The hourly search has found uploads without an event, and made their jobs. People have waited for an hour or more."
    }
    telemetry-fails = {
      title    = "Metrics or traces cannot be written"
      severity = "WARNING"
      messages = ["Metrics cannot be written", "Traces cannot be written to"]
      advice   = "Work goes on, and nobody sees it. The line says which program, and why."
    }
    # Also where it is switched off: then somebody has to take the minimum back.
    prewarming-fails = {
      title    = "Cloud Run is not prewarmed"
      severity = "WARNING"
      messages = ["Cloud Run is not prewarmed as it should be"]
      advice   = "The minimum of the worker's instances stays as it is. The line says what is missing."
    }
  }

  # All alarms in one form: conditions of thresholds, of silence, and of lines in a log.
  alerts = merge(
    {
      for name, alert in local.burn_rate_alerts : name => merge(alert, {
        combiner = "AND"
        conditions = concat(
          [for window in alert.windows : {
            kind        = "threshold"
            name        = "More than ${format("%.0f", alert.rate * local.late_share * 100)} % late within ${window}"
            filter      = local.late_jobs
            denominator = local.metric["spillway.job.objective"]
            threshold   = alert.rate * local.late_share
            period      = window
            aligner     = "ALIGN_DELTA"
            reducer     = "REDUCE_SUM"
          }],
          # A share of few jobs says little: one late job of two is half.
          [{
            kind      = "threshold"
            name      = "At least ten late within ${alert.windows[0]}"
            filter    = local.late_jobs
            threshold = 9
            period    = alert.windows[0]
            aligner   = "ALIGN_DELTA"
            reducer   = "REDUCE_SUM"
          }],
        )
      })
    },
    {
      for name, alert in local.threshold_alerts : name => merge(alert, {
        conditions = [for resource in lookup(alert, "resources", [null]) : merge(
          # What is counted is summed up; of what is measured, the worst counts.
          { kind = "threshold", name = alert.title, reducer = contains(["ALIGN_RATE", "ALIGN_DELTA"], alert.aligner) ? "REDUCE_SUM" : "REDUCE_MAX" },
          alert,
          resource == null ? {} : { name = "${alert.title}: ${resource}", filter = "${alert.filter} AND resource.type = \"${resource}\"" },
        )]
      })
    },
    {
      for name, alert in local.absence_alerts : name => merge(alert, {
        # Silence ends no incident by itself. It ends when there are figures again, or after a day.
        auto_close = "86400s"
        conditions = [merge(
          { kind = "absence", name = alert.title, reducer = alert.aligner == "ALIGN_RATE" ? "REDUCE_SUM" : "REDUCE_MAX" },
          alert,
        )]
      })
    },
    {
      for name, alert in local.log_alerts : name => merge(alert, {
        auto_close = "1800s"
        conditions = [{ kind = "log", name = alert.title, filter = lookup(alert, "filter", local.lines_that_begin[name]) }]
      })
    },
  )
  # Codes of core/errors.ts that say something of us, and not of the picture or the request.
  faults    = "${local.metric["spillway.jobs.ended"]} AND metric.labels.state = \"failed\" AND metric.labels.code = one_of(\"internal\", \"poison\", \"service_refused\", \"model_missing\", \"model_invalid\")"
  late_jobs = "${local.metric["spillway.job.objective"]} AND metric.labels.kept = \"no\""

  # The address of a heading, as GitHub makes it.
  runbook_entries = { for name, alert in local.alerts : name => "docs/operations.md#${replace(replace(lower(alert.title), "/[^0-9a-z _-]/", ""), " ", "-")}" }
}

resource "google_monitoring_alert_policy" "alerts" {
  for_each = local.alerts

  project               = local.project
  display_name          = "Spillway: ${each.value.title}"
  severity              = each.value.severity
  combiner              = lookup(each.value, "combiner", "OR")
  notification_channels = local.channels

  dynamic "conditions" {
    for_each = each.value.conditions
    content {
      display_name = conditions.value.name

      dynamic "condition_threshold" {
        for_each = conditions.value.kind == "threshold" ? [conditions.value] : []
        content {
          filter             = condition_threshold.value.filter
          denominator_filter = lookup(condition_threshold.value, "denominator", null)
          comparison         = lookup(condition_threshold.value, "below", false) ? "COMPARISON_LT" : "COMPARISON_GT"
          threshold_value    = condition_threshold.value.threshold
          duration           = lookup(condition_threshold.value, "duration", "0s")

          aggregations {
            alignment_period     = lookup(condition_threshold.value, "period", "60s")
            per_series_aligner   = condition_threshold.value.aligner
            cross_series_reducer = condition_threshold.value.reducer
            group_by_fields      = lookup(condition_threshold.value, "group_by", null)
          }

          # A share needs both sums over the same time.
          dynamic "denominator_aggregations" {
            for_each = contains(keys(condition_threshold.value), "denominator") ? [condition_threshold.value] : []
            content {
              alignment_period     = denominator_aggregations.value.period
              per_series_aligner   = denominator_aggregations.value.aligner
              cross_series_reducer = denominator_aggregations.value.reducer
            }
          }
        }
      }

      dynamic "condition_absent" {
        for_each = conditions.value.kind == "absence" ? [conditions.value] : []
        content {
          filter   = condition_absent.value.filter
          duration = condition_absent.value.duration

          aggregations {
            alignment_period     = condition_absent.value.period
            per_series_aligner   = condition_absent.value.aligner
            cross_series_reducer = condition_absent.value.reducer
          }
        }
      }

      dynamic "condition_matched_log" {
        for_each = conditions.value.kind == "log" ? [conditions.value] : []
        content {
          filter = condition_matched_log.value.filter
        }
      }
    }
  }

  alert_strategy {
    # How long an incident stays open once there are no figures any more, as those of an instance that is gone.
    auto_close = lookup(each.value, "auto_close", "3600s")

    # Policies that look at logs have to say how often they tell at most.
    dynamic "notification_rate_limit" {
      for_each = each.value.conditions[0].kind == "log" ? ["3600s"] : []
      content {
        period = notification_rate_limit.value
      }
    }
  }

  documentation {
    subject   = "Spillway: ${each.value.title}"
    content   = "${each.value.advice}\n\nRunbook: ${local.runbook_entries[each.key]}"
    mime_type = "text/markdown"

    dynamic "links" {
      for_each = var.runbook_url[*]
      content {
        display_name = "Runbook"
        url          = replace(local.runbook_entries[each.key], "docs/operations.md", links.value)
      }
    }
  }

  # A metric that is new takes a while to be known, as a right does.
  depends_on = [
    google_logging_metric.lines,
    google_monitoring_uptime_check_config.checks,
    terraform_data.rights_have_arrived,
  ]
}
