# Google looks from three continents whether what people reach from outside answers as it should.
locals {
  uptime_checks = merge(
    var.site_public ? {
      # It asks the database too, once a second at most: docs/configuration.md#health.
      site = {
        host     = trimprefix(local.site_origin, "https://")
        path     = "/health"
        headers  = {}
        statuses = [200]
        content  = "\"status\":\"ready\""
      }
    } : {},
    {
      # A stranger is turned away: by Identity-Aware Proxy with 401, because the header says that nobody is there to sign
      # in (https://cloud.google.com/iap/docs/sessions-howto), and by Cloud Run with 403. Checks follow redirects, so the
      # sign-in itself would count as an answer. Any other answer is an open door or none at all.
      dashboard = {
        host     = trimprefix(local.service_origins["admin"], "https://")
        path     = "/"
        headers  = { X-Requested-With = "XMLHttpRequest" }
        statuses = [401, 403]
        content  = null
      }
    },
  )
}

resource "google_monitoring_uptime_check_config" "checks" {
  for_each = local.uptime_checks

  project      = local.project
  display_name = "Spillway: ${each.key}"
  period       = "60s"
  timeout      = "10s"
  # One region of each is enough to tell an outage from a cut cable. The first has three places of its own.
  selected_regions = ["USA", "EUROPE", "ASIA_PACIFIC"]

  http_check {
    path         = each.value.path
    port         = 443
    use_ssl      = true
    validate_ssl = true
    headers      = each.value.headers

    dynamic "accepted_response_status_codes" {
      for_each = each.value.statuses
      content {
        status_value = accepted_response_status_codes.value
      }
    }
  }

  dynamic "content_matchers" {
    for_each = each.value.content[*]
    content {
      matcher = "CONTAINS_STRING"
      content = content_matchers.value
    }
  }

  monitored_resource {
    type = "uptime_url"
    labels = {
      project_id = var.project
      host       = each.value.host
    }
  }
}
