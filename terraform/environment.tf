locals {
  # What every program is told (pipeline/config.ts).
  environment = merge(
    {
      SPILLWAY_PROJECT            = var.project
      SPILLWAY_UPLOADS_BUCKET     = google_storage_bucket.pictures["uploads"].name
      SPILLWAY_WEB_UPLOADS_BUCKET = google_storage_bucket.pictures["web_uploads"].name
      SPILLWAY_RESULTS_BUCKET     = google_storage_bucket.pictures["results"].name
    },
    # All programs work on jobs or change them, so all of them count and trace.
    { SPILLWAY_METRICS = "cloud" },
    var.traces_sampled == 0 ? {} : {
      SPILLWAY_TRACES         = "cloud"
      SPILLWAY_TRACES_SAMPLED = tostring(var.traces_sampled)
    },
    length(var.operations) == 0 ? {} : { SPILLWAY_OPERATIONS = join(",", var.operations) },
  )

  # Who may call which program: an account that nothing else works as.
  callers = {
    worker    = "pusher"
    route     = "events"
    route-web = "events"
    sweep     = "scheduler"
    find-lost = "scheduler"
  }

  # pipeline/callers/config.ts
  caller_environment = {
    for program, caller in local.callers : program => {
      SPILLWAY_CALLER_ACCOUNTS = google_service_account.accounts[caller].email
      # Both addresses of a service of Cloud Run, and that of a function. Callers use one or another of them.
      SPILLWAY_CALL_AUDIENCES = join(",", concat(
        [
          "https://spillway-${program}-${var.project_number}.${var.region}.run.app",
          "https://spillway-${program}-*-*.a.run.app",
        ],
        program == "worker" ? [] : ["https://${var.region}-${var.project}.cloudfunctions.net/spillway-${program}"],
      ))
      # Each of these services lets only its invoker in.
      SPILLWAY_CALL_SIGNATURES = "removed_by_cloud_run"
    }
  }

  # functions/config.ts
  functions_environment = merge(local.environment, {
    SPILLWAY_SWEEP_FOR_MS = tostring(var.sweep_for_seconds * 1000)
    # It ends before the function's time does: what is left is searched by the next call.
    SPILLWAY_SEARCH_FOR_MS = "1200000"
  }, local.sweeper_environment)

  # cloudrun-worker/config.ts. Models come with the image, which says where.
  worker_environment = merge(local.environment, local.caller_environment["worker"], {
    SPILLWAY_CONCURRENCY = tostring(var.run_concurrency)
    SPILLWAY_SLOTS       = tostring(coalesce(var.run_slots, var.run_concurrency))
  })

  # vm-worker/config.ts
  vm_environment = merge(local.environment, {
    SPILLWAY_SANDBOX       = "required"
    SPILLWAY_SLOTS         = tostring(var.vm_slots)
    SPILLWAY_HEALTH_PORT   = tostring(local.vm_health_port)
    SPILLWAY_MODELS_DIR    = "/var/lib/spillway/models"
    SPILLWAY_MODELS_SOURCE = "gs://${google_storage_bucket.artefacts["models"].name}"
    SPILLWAY_WORK_DIR      = "/var/lib/spillway/work"
  }, local.sweeper_environment)

  # web/config.ts. Secrets come from Secret Manager.
  site_environment = merge(local.environment, {
    SPILLWAY_SITE_PAGES      = "visitors"
    SPILLWAY_PUBLIC_URL      = local.site_origin
    SPILLWAY_TRUSTED_PROXIES = tostring(var.site_proxies)
    SPILLWAY_DELETION        = local.deletion
  })

  # web/config.ts again: the dashboard is the same program.
  admin_environment = merge(local.environment, {
    SPILLWAY_SITE_PAGES      = "admin"
    SPILLWAY_RUN_SERVICE     = local.run_service
    SPILLWAY_PUBLIC_URL      = local.service_origins["admin"]
    SPILLWAY_TRUSTED_PROXIES = "1"
    SPILLWAY_DELETION        = local.deletion
  }, local.admin_behind_iap ? local.iap_environment : {})

  # What the proxy's signed header is made for: https://cloud.google.com/iap/docs/signed-headers-howto
  iap_environment = {
    SPILLWAY_IAP_AUDIENCE = "/projects/${var.project_number}/locations/${var.region}/services/spillway-admin"
    SPILLWAY_ADMINS       = length(local.admin_emails) == length(var.admins) ? join(",", local.admin_emails) : "*"
  }

  deletion = var.soft_delete_days == 0 ? "at_once" : "as_bucket"
}
