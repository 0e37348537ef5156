# The site: pages and API for visitors and integrators.
locals {
  site_origin  = coalesce(var.site_url, local.service_origins["site"])
  site_origins = distinct([local.site_origin, local.service_origins["site"]])

  site_service = {
    image   = var.site_image
    ingress = "INGRESS_TRAFFIC_ALL"
    iap     = false
    # Pages are for everybody; what is a visitor's, the site tells by a signed cookie. Organisations forbid rights of
    # allUsers by default, so Cloud Run is told not to look for any: https://cloud.google.com/run/docs/authenticating/public
    open_to_all = var.site_public
    # Cloud Run's longest: a large batch is one archive, which a slow reader reads for long. Event streams end after ten
    # minutes. https://cloud.google.com/run/docs/configuring/request-timeout
    timeout_seconds = 3600
    # Each open page holds one request.
    concurrency = 250
    # A visitor's limits are counted on each instance.
    session_affinity = true
    max_instances    = var.site_max_instances
    cpu              = 1
    memory_gib       = 1
    environment      = local.site_environment
    secrets          = local.secrets_of.site
  }
}

# It signs addresses of large pictures in its own name, and so does the dashboard.
resource "google_service_account_iam_member" "site_signs" {
  for_each = toset(["site", "admin"])

  service_account_id = google_service_account.accounts[each.value].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_service_account.accounts[each.value].member
}
