locals {
  # The catalogue core/telemetry-metrics.ts, by its names. `npm run check:terraform -- --extracts` writes this file.
  metrics = jsondecode(file("${path.module}/metrics.json"))

  # What every filter of a metric begins with.
  metric = { for name, metric in local.metrics : name => "metric.type = \"${metric.type}\" AND resource.type = \"${metric.resource}\"" }

  # Every program counts what it does, and says where a job's time went.
  programs = setunion(["functions", "worker", "site", "admin"], local.vm_workers)
}

# Made before anything is written: an alarm, and the autoscaler of the VMs, may only name a metric that exists.
resource "google_monitoring_metric_descriptor" "metrics" {
  for_each = local.metrics

  project      = local.project
  type         = each.value.type
  display_name = "Spillway: ${trimprefix(each.key, "spillway.")}"
  description  = each.value.meaning
  metric_kind  = each.value.kind
  value_type   = each.value.value
  unit         = each.value.unit

  dynamic "labels" {
    for_each = each.value.labels
    content {
      key        = labels.value
      value_type = "STRING"
    }
  }
}

resource "google_project_iam_member" "write_metrics" {
  for_each = local.programs

  project = local.project
  role    = "roles/monitoring.metricWriter"
  member  = google_service_account.accounts[each.value].member
}

# The narrowest role for telemetry.googleapis.com: https://cloud.google.com/iam/docs/roles-permissions/telemetry
resource "google_project_iam_member" "write_traces" {
  for_each = var.traces_sampled == 0 ? [] : local.programs

  project = local.project
  role    = "roles/telemetry.tracesWriter"
  member  = google_service_account.accounts[each.value].member
}

# What only logs know. Each counts lines, by labels that lines have.
locals {
  log_metrics = {
    # The field `program` has the program and, after a space, which of its workers: the worker is no label.
    # A caller that a program itself turned away: Cloud Run had let it in.
    refused_calls = {
      description = "Calls that a program refused, by the reason and by the program"
      filter      = "resource.type = \"cloud_run_revision\" AND jsonPayload.message =~ \"^A call was refused\""
      labels      = { program = "REGEXP_EXTRACT(jsonPayload.program, \"^([^ ]+)\")", reason = "EXTRACT(jsonPayload.refusal)" }
    }
    # Container-Optimized OS may send a line of a container as it is, or as text: only a cloud can tell.
    errors = {
      description = "Lines of programs that report an error, by the program"
      filter      = "(resource.type = (\"cloud_run_revision\" OR \"gce_instance\") AND jsonPayload.program : * AND (severity >= ERROR OR jsonPayload.severity = (\"ERROR\" OR \"CRITICAL\"))) OR (resource.type = \"gce_instance\" AND jsonPayload.message =~ \"^[{]\\\"severity\\\":\\\"(ERROR|CRITICAL)\\\"\")"
      labels      = { program = "REGEXP_EXTRACT(jsonPayload.program, \"^([^ ]+)\")" }
    }
  }
  log_metric_types = { for name in keys(local.log_metrics) : name => "logging.googleapis.com/user/spillway/${name}" }
}

resource "google_logging_metric" "lines" {
  for_each = local.log_metrics

  project          = local.project
  name             = "spillway/${each.key}"
  description      = each.value.description
  filter           = each.value.filter
  label_extractors = each.value.labels

  metric_descriptor {
    display_name = "Spillway: ${each.value.description}"
    metric_kind  = "DELTA"
    value_type   = "INT64"
    unit         = "1"

    dynamic "labels" {
      for_each = each.value.labels
      content {
        key        = labels.key
        value_type = "STRING"
      }
    }
  }
}
