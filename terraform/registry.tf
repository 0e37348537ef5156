# Images of the programs, which are pushed there, and images that Cloud Build makes of the functions.
resource "google_artifact_registry_repository" "images" {
  #checkov:skip=CKV_GCP_84:The key of one's own is a variable, kms_key.
  for_each = {
    programs  = "Images of Spillway's programs"
    functions = "Images that Cloud Functions builds"
  }

  project       = local.project
  location      = var.region
  repository_id = "spillway-${each.key}"
  description   = each.value
  format        = "DOCKER"
  kms_key_name  = var.kms_key

  # The platform moves tags of what it builds. Google's API does not give back that they may move, so it is not said.
  dynamic "docker_config" {
    for_each = each.key == "programs" ? [true] : []
    content {
      immutable_tags = docker_config.value
    }
  }

  depends_on = [terraform_data.key_is_usable]
}

resource "google_artifact_registry_repository_iam_member" "vm_pulls_images" {
  project    = local.project
  location   = google_artifact_registry_repository.images["programs"].location
  repository = google_artifact_registry_repository.images["programs"].name
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.accounts["vm"].member
}

resource "google_artifact_registry_repository_iam_member" "builder_writes_functions" {
  project    = local.project
  location   = google_artifact_registry_repository.images["functions"].location
  repository = google_artifact_registry_repository.images["functions"].name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.accounts["builder"].member
}
