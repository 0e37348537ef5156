# The dashboard and its API: the site's program with other pages, as a service of its own, so that a proxy stands before
# all of it.
locals {
  admin_service = {
    image   = var.site_image
    ingress = "INGRESS_TRAFFIC_ALL"
    # Identity-Aware Proxy asks who somebody is, and lets in whom it is told below. It needs no load balancer:
    # https://cloud.google.com/run/docs/securing/identity-aware-proxy-cloud-run
    iap              = local.admin_behind_iap
    open_to_all      = false
    timeout_seconds  = 900
    concurrency      = 250
    session_affinity = true
    max_instances    = 2
    cpu              = 1
    memory_gib       = 1
    environment      = local.admin_environment
    secrets          = local.secrets_of.admin
  }

  admin_behind_iap = length(var.admins) > 0
  # People are admins whom the proxy lets in and who are named here as well. Its header does not say which groups
  # somebody is in, so with a group everybody is whom it lets in.
  admin_emails = [for member in var.admins : trimprefix(member, "user:") if startswith(member, "user:")]
}

resource "google_iap_web_cloud_run_service_iam_member" "admins" {
  for_each = toset(var.admins)

  project                = local.project
  location               = var.region
  cloud_run_service_name = google_cloud_run_v2_service.services["admin"].name
  role                   = "roles/iap.httpsResourceAccessor"
  member                 = each.value
}

# The proxy passes on the people that it lets in with its own account. Nobody else may call the service.
resource "google_cloud_run_v2_service_iam_member" "iap_calls_admin" {
  count = local.admin_behind_iap ? 1 : 0

  project  = local.project
  location = var.region
  name     = google_cloud_run_v2_service.services["admin"].name
  role     = "roles/run.invoker"
  member   = local.agents.iap
}
