# What an operator asks, from top to bottom: docs/operations.md. The dashboard of Spillway itself shows the same from
# documents, live; this one shows days, and what the platform measures.
locals {
  vm_pool_size  = "metric.type = \"compute.googleapis.com/instance_group/size\" AND resource.type = \"instance_group\" AND resource.labels.instance_group_name = \"${google_compute_region_instance_group_manager.vms.name}\""
  run_instances = "metric.type = \"run.googleapis.com/container/instance_count\" AND resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${google_cloud_run_v2_service.services["worker"].name}\""
  requests      = "metric.type = \"run.googleapis.com/request_count\" AND resource.type = \"cloud_run_revision\""
  dead_messages = "metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.jobs_dead_pull.name}\""

  # A line of a chart: which series, how each is brought to one figure a period, and how they become one.
  # Programs write what they have counted once a minute at most, so what is counted is summed up over five.
  charts = {
    healthy = [
      {
        title = "Jobs that ended, by state"
        lines = [{ filter = local.metric["spillway.jobs.ended"], aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["metric.labels.state"], period = "300s", plot = "STACKED_AREA" }]
      },
      {
        title = "Failures that no picture is to blame for"
        lines = [{ filter = local.faults, aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["metric.labels.code"], period = "300s", plot = "STACKED_BAR" }]
      },
      {
        title = "Breakers that hold work back"
        lines = [{ filter = local.metric["spillway.breaker.open"], aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", by = ["metric.labels.target"] }]
      },
      {
        title = "Targets that take new work"
        lines = [{ filter = local.metric["spillway.targets.open"], aligner = "ALIGN_MIN", reducer = "REDUCE_MAX", by = ["metric.labels.target"] }]
      },
      {
        title = "Workers, by what they say of themselves"
        lines = [{ filter = local.metric["spillway.workers"], aligner = "ALIGN_MEAN", reducer = "REDUCE_SUM", by = ["metric.labels.target", "metric.labels.state"], plot = "STACKED_AREA" }]
      },
      {
        title = "Answers of programs with an error of the server"
        lines = [{ filter = "${local.requests} AND metric.labels.response_code_class = \"5xx\"", aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["resource.labels.service_name"] }]
      },
      {
        title = "Lines of the log that report an error"
        lines = [{ filter = "metric.type = \"${local.log_metric_types.errors}\"", aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", by = ["metric.labels.program"], period = "300s", plot = "STACKED_BAR" }]
      },
    ]
    late = [
      {
        title = "Share of objectives that are missed"
        lines = [{ filter = local.late_jobs, of = local.metric["spillway.job.objective"], aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["metric.labels.class"], period = "300s" }]
        marks = [{ value = local.late_share, label = "promised at most" }]
      },
      {
        title = "Age of the oldest job that waits"
        lines = [{ filter = local.metric["spillway.queue.oldest_age"], aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", by = ["metric.labels.target"] }]
        marks = [{ value = 1.5 * local.longest_objective_seconds, label = "somebody is told" }]
      },
      {
        title = "Jobs that wait, and jobs under way"
        lines = [{ filter = local.metric["spillway.queue.jobs"], aligner = "ALIGN_MEAN", reducer = "REDUCE_SUM", by = ["metric.labels.target", "metric.labels.state"], plot = "STACKED_AREA" }]
      },
      {
        title = "Wait of jobs that succeeded"
        lines = [for percent in [50, 95, 99] : { filter = local.metric["spillway.job.wait"], aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_${percent}", by = ["metric.labels.target"], period = "300s", legend = "${percent} %" }]
      },
      {
        title = "Run of jobs that succeeded"
        lines = [for percent in [50, 95, 99] : { filter = local.metric["spillway.job.run"], aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_${percent}", by = ["metric.labels.operation"], period = "300s", legend = "${percent} %" }]
      },
      {
        title = "Decisions, by target and reason"
        lines = [{ filter = local.metric["spillway.routing.decisions"], aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["metric.labels.target", "metric.labels.reason"], period = "300s", plot = "STACKED_AREA" }]
      },
    ]
    lost = [
      {
        title = "Messages in the dead letters"
        lines = [{ filter = local.dead_messages, aligner = "ALIGN_MAX", reducer = "REDUCE_MAX" }]
      },
      {
        title = "Messages and events put aside by programs"
        lines = [{ filter = local.metric["spillway.dead_letters"], aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", by = ["metric.labels.kind"], period = "300s", plot = "STACKED_BAR" }]
      },
      {
        title = "Items for which a person has to do something"
        lines = [{ filter = local.metric["spillway.passed_over"], aligner = "ALIGN_MAX", reducer = "REDUCE_MAX" }]
      },
      {
        title = "Attempts given back, by reason"
        lines = [{ filter = local.metric["spillway.jobs.given_back"], aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", by = ["metric.labels.target", "metric.labels.why"], period = "300s", plot = "STACKED_BAR" }]
      },
    ]
    expensive = [
      {
        title = "Dollars that the last hour gave to Cloud Run"
        lines = [{ filter = local.metric["spillway.spend.last_hour"], aligner = "ALIGN_MAX", reducer = "REDUCE_MAX" }]
        marks = [for dollars in var.run_most_dollars_per_hour[*] : { value = dollars, label = "limit" }]
      },
      {
        title = "Offered work in slots, beside the slots of the VM pool"
        lines = [
          { filter = local.metric["spillway.offered_work"], aligner = "ALIGN_MEAN", reducer = "REDUCE_MAX", legend = "slots wanted" },
          { filter = local.vm_pool_size, aligner = "ALIGN_MEAN", reducer = "REDUCE_SUM", legend = "VMs, of ${var.vm_slots} slots each" },
        ]
      },
      {
        title = "Instances of the Cloud Run worker, beside the minimum"
        lines = [
          { filter = local.run_instances, aligner = "ALIGN_MAX", reducer = "REDUCE_SUM", by = ["metric.labels.state"], plot = "STACKED_AREA" },
          { filter = local.metric["spillway.run.minimum_instances"], aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", legend = "minimum" },
        ]
      },
      {
        title = "Arrivals a minute, beside the forecast of five minutes before"
        lines = [
          { filter = "${local.metric["spillway.routing.decisions"]} AND metric.labels.move = \"no\"", aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", legend = "decided" },
          { filter = "${local.metric["spillway.forecast.arrivals"]} AND metric.labels.minutes = \"5\"", aligner = "ALIGN_MEAN", reducer = "REDUCE_SUM", legend = "forecast" },
        ]
      },
    ]
    who = [
      {
        title = "Calls that programs refused"
        lines = [{ filter = "metric.type = \"${local.log_metric_types.refused_calls}\"", aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", by = ["metric.labels.program", "metric.labels.reason"], period = "300s", plot = "STACKED_BAR" }]
      },
      {
        title = "Requests, by service"
        lines = [{ filter = local.requests, aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["resource.labels.service_name"] }]
      },
    ]
  }

  sections = [
    { key = "healthy", title = "Is it healthy?" },
    { key = "late", title = "Is it late?" },
    { key = "lost", title = "Is it lost?" },
    { key = "expensive", title = "Is it expensive?" },
    { key = "who", title = "Who did that?" },
  ]

  # Three charts in a row of 48 columns.
  chart_width    = 16
  chart_height   = 14
  heading_height = 4

  # Where each section begins: below those before it, with a heading and its rows.
  section_heights = [for section in local.sections : local.heading_height + ceil(length(local.charts[section.key]) / 3) * local.chart_height]
  section_tops    = [for at in range(length(local.sections)) : sum(concat([local.chart_height], slice(local.section_heights, 0, at)))]

  dashboard_tiles = concat(
    [
      { height = local.chart_height, width = 2 * local.chart_width, widget = { title = "Incidents", incidentList = {} } },
      { height = local.chart_height, width = local.chart_width, xPos = 2 * local.chart_width, widget = {
        title = "What to do"
        text = {
          format  = "MARKDOWN"
          content = "Each alarm has an entry in the runbook: ${coalesce(var.runbook_url, "docs/operations.md")}. `npx spillway doctor` says in words what is wrong now. Spillway’s own dashboard: ${local.service_origins["admin"]}"
        }
      } },
    ],
    [for at, section in local.sections : {
      height = local.heading_height, width = 3 * local.chart_width, yPos = local.section_tops[at]
      widget = { title = section.title, sectionHeader = { dividerBelow = true } }
    }],
    flatten([for at, section in local.sections : [
      for place, chart in local.charts[section.key] : merge(
        # The service leaves out what is 0, which would be a change in each plan.
        place % 3 == 0 ? {} : { xPos = place % 3 * local.chart_width },
        {
          height = local.chart_height, width = local.chart_width
          yPos   = local.section_tops[at] + local.heading_height + floor(place / 3) * local.chart_height
          widget = {
            title = chart.title
            xyChart = merge(
              { dataSets = [for line in chart.lines : local.data_sets[jsonencode(line)]] },
              length(lookup(chart, "marks", [])) == 0 ? {} : { thresholds = [for mark in chart.marks : { value = mark.value, label = mark.label, targetAxis = "Y1" }] },
            )
          }
        },
      )
    ]]),
    [{
      height = 2 * local.chart_height, width = 3 * local.chart_width, yPos = sum(concat([local.chart_height], local.section_heights))
      widget = { title = "Warnings and errors of programs", logsPanel = {
        filter        = "jsonPayload.program : * AND severity >= WARNING"
        resourceNames = ["projects/${var.project}"]
      } }
    }],
  )

  # Every line in the form of the API, by its text: lines that differ in what they have cannot be in one list.
  line_texts = toset(flatten([for section in values(local.charts) : [for chart in section : [for line in chart.lines : jsonencode(line)]]]))
  data_sets = {
    for text, line in { for text in local.line_texts : text => jsondecode(text) } : text => merge(
      {
        plotType           = lookup(line, "plot", "LINE")
        targetAxis         = "Y1"
        minAlignmentPeriod = lookup(line, "period", "60s")
        timeSeriesQuery = merge(
          { for whole in contains(keys(line), "of") ? [line.of] : [] : "timeSeriesFilterRatio" => {
            numerator   = { filter = line.filter, aggregation = local.aggregations[text] }
            denominator = { filter = whole, aggregation = local.aggregations[text] }
          } },
          { for filter in contains(keys(line), "of") ? [] : [line.filter] : "timeSeriesFilter" => {
            filter      = filter
            aggregation = local.aggregations[text]
          } },
        )
      },
      contains(keys(line), "legend") ? { legendTemplate = line.legend } : {},
    )
  }
  aggregations = {
    for text, line in { for text in local.line_texts : text => jsondecode(text) } : text => merge(
      { alignmentPeriod = lookup(line, "period", "60s"), perSeriesAligner = line.aligner, crossSeriesReducer = line.reducer },
      contains(keys(line), "by") ? { groupByFields = line.by } : {},
    )
  }
}

resource "google_monitoring_dashboard" "spillway" {
  project = local.project
  dashboard_json = jsonencode({
    displayName  = "Spillway"
    mosaicLayout = { columns = 3 * local.chart_width, tiles = local.dashboard_tiles }
  })

  depends_on = [google_logging_metric.lines, google_monitoring_metric_descriptor.metrics]
}
