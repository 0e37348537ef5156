# Of all functions: an object is named after what is in it, so that another archive is another deployment.
resource "google_storage_bucket_object" "functions" {
  bucket = google_storage_bucket.artefacts["functions"].name
  name   = "functions-${filesha256(var.functions_archive)}.zip"
  source = var.functions_archive
}

locals {
  routing_function = {
    # Eventarc waits for an answer. Routing is a handful of round trips.
    timeout_seconds = 60
    concurrency     = 20
    cpu             = "1"
    memory          = "512Mi"
    min_instances   = var.route_min_instances
    max_instances   = var.route_max_instances
  }
  # One archive registers all of them by name (functions/main.ts).
  functions = {
    route = local.routing_function
    # What people upload on the site never stands behind what integrators do.
    route-web = local.routing_function
    sweep = {
      timeout_seconds = 120
      concurrency     = 1
      cpu             = "0.333"
      memory          = "512Mi"
      min_instances   = 0
      # A call may overlap with the next one. Only the holder of the lease sweeps.
      max_instances = 2
    }
    find-lost = {
      timeout_seconds = 1800
      concurrency     = 1
      cpu             = "0.333"
      memory          = "512Mi"
      min_instances   = 0
      max_instances   = 1
    }
  }
}

resource "google_cloudfunctions2_function" "functions" {
  for_each = local.functions

  project     = local.project
  name        = "spillway-${each.key}"
  location    = var.region
  description = "Spillway: ${each.key}"

  build_config {
    runtime           = "nodejs24"
    entry_point       = each.key
    service_account   = google_service_account.accounts["builder"].name
    docker_repository = google_artifact_registry_repository.images["functions"].id

    source {
      storage_source {
        bucket = google_storage_bucket_object.functions.bucket
        object = google_storage_bucket_object.functions.name
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.accounts["functions"].email
    environment_variables            = merge(local.functions_environment, local.caller_environment[each.key])
    timeout_seconds                  = each.value.timeout_seconds
    max_instance_request_concurrency = each.value.concurrency
    available_cpu                    = each.value.cpu
    available_memory                 = each.value.memory
    min_instance_count               = each.value.min_instances
    max_instance_count               = each.value.max_instances
    # Eventarc and Cloud Scheduler of this project count as internal.
    ingress_settings               = "ALLOW_INTERNAL_ONLY"
    all_traffic_on_latest_revision = true
  }

  # Each function looks at what it needs when it starts, and does not start without it. A build needs its rights first.
  depends_on = [
    google_firestore_document.routing,
    google_firestore_field.overrides,
    google_firestore_index.composite,
    terraform_data.rights_have_arrived,
  ]
}

# Each function is a service of Cloud Run under the same name, and only these accounts may call it.
resource "google_cloud_run_v2_service_iam_member" "callers" {
  for_each = { for name in keys(local.functions) : name => local.callers[name] }

  project  = local.project
  location = var.region
  name     = google_cloudfunctions2_function.functions[each.key].name
  role     = "roles/run.invoker"
  member   = google_service_account.accounts[each.value].member
}

# https://cloud.google.com/functions/docs/securing/build-custom-sa
resource "google_project_iam_member" "builder_logs" {
  project = local.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.accounts["builder"].member
}

# Cloud Functions copies each archive to a bucket that it makes itself, whose name is the platform's.
resource "google_project_iam_member" "builder_reads_sources" {
  project = local.project
  role    = "roles/storage.objectViewer"
  member  = google_service_account.accounts["builder"].member

  condition {
    title       = "sources_of_functions"
    description = "Only the bucket into which Cloud Functions copies archives"
    expression  = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${var.project_number}-${var.region}\")"
  }
}
