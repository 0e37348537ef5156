locals {
  pictures = {
    uploads     = { name = "${var.project}-spillway-uploads", kept_days = var.uploads_kept_days, pages = [] }
    web_uploads = { name = "${var.project}-spillway-web-uploads", kept_days = var.uploads_kept_days, pages = local.site_origins }
    results     = { name = "${var.project}-spillway-results", kept_days = var.results_kept_days, pages = [] }
  }
}

# What people send, what visitors of the site send, and what became of it.
resource "google_storage_bucket" "pictures" {
  #checkov:skip=CKV_GCP_62:Who reads and writes is for Cloud Audit Logs, which are switched on for a whole organisation or project.
  #checkov:skip=CKV_GCP_63:It keeps no log of accesses, neither in itself nor elsewhere.
  #checkov:skip=CKV_GCP_78:Each generation is a job of its own, and results are never written over. Deleted ones are kept by soft delete.
  for_each = local.pictures

  project                     = local.project
  name                        = each.value.name
  location                    = var.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  # ABANDON: `terraform destroy` forgets the bucket and leaves it where it is.
  deletion_policy = var.keep_data ? "ABANDON" : "DELETE"
  force_destroy   = !var.keep_data

  versioning {
    enabled = false
  }

  soft_delete_policy {
    retention_duration_seconds = var.soft_delete_days * 24 * 3600
  }

  # What a client began to send in parts and never ended.
  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 7
    }
  }

  dynamic "lifecycle_rule" {
    for_each = each.value.kept_days == null ? [] : [each.value.kept_days]
    content {
      action {
        type = "Delete"
      }
      condition {
        age = lifecycle_rule.value
      }
    }
  }

  # Pages of the site send pictures straight to the bucket. No page may read or write anything else.
  dynamic "cors" {
    for_each = length(each.value.pages) == 0 ? [] : [each.value.pages]
    content {
      origin          = cors.value
      method          = ["PUT"]
      response_header = ["Content-Type", "Content-Range", "Range", "X-GUploader-UploadID"]
      max_age_seconds = 3600
    }
  }

  dynamic "encryption" {
    for_each = var.kms_key[*]
    content {
      default_kms_key_name = encryption.value
    }
  }

  depends_on = [terraform_data.key_is_usable]
}

# What `terraform destroy` has left behind.
import {
  for_each = var.adopt_data ? local.pictures : {}

  to = google_storage_bucket.pictures[each.key]
  id = "${var.project}/${each.value.name}"
}

# Archives of the functions, and a mirror of model files: VMs reach no public address to fetch them from.
resource "google_storage_bucket" "artefacts" {
  #checkov:skip=CKV_GCP_62:Archives and model files are no secret.
  #checkov:skip=CKV_GCP_63:It keeps no log of accesses, neither in itself nor elsewhere.
  #checkov:skip=CKV_GCP_78:Objects are named after their content, or checked against their sum, and can be made again.
  for_each = toset(["functions", "models"])

  project                     = local.project
  name                        = "${var.project}-spillway-${each.value}"
  location                    = var.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  # Both can be made again.
  force_destroy = true

  soft_delete_policy {
    retention_duration_seconds = 0
  }

  dynamic "encryption" {
    for_each = var.kms_key[*]
    content {
      default_kms_key_name = encryption.value
    }
  }

  depends_on = [terraform_data.key_is_usable]
}

locals {
  # Which program reads and writes the objects of which bucket: pipeline/preflight.ts says why.
  bucket_access = {
    functions = { uploads = "reads", web_uploads = "reads", results = "writes" }
    vm        = { uploads = "reads", web_uploads = "reads", results = "writes" }
    machine   = { uploads = "reads", web_uploads = "reads", results = "writes" }
    worker    = { uploads = "reads", web_uploads = "reads", results = "writes" }
    site      = { uploads = "writes", web_uploads = "writes", results = "writes" }
    admin     = { uploads = "writes", web_uploads = "writes", results = "writes" }
  }
  access_roles = {
    reads  = "roles/storage.objectViewer"
    writes = "roles/storage.objectUser"
  }
  bucket_rights = merge([
    for account, buckets in local.bucket_access : {
      for bucket, access in buckets : "${account} ${access} ${bucket}" => {
        account = account
        bucket  = bucket
        role    = local.access_roles[access]
      }
    } if contains(keys(local.accounts), account)
  ]...)
}

resource "google_storage_bucket_iam_member" "programs" {
  for_each = local.bucket_rights

  bucket = google_storage_bucket.pictures[each.value.bucket].name
  role   = each.value.role
  member = google_service_account.accounts[each.value.account].member
}

# The site says how long a bucket keeps what is deleted.
resource "google_storage_bucket_iam_member" "look_at_settings" {
  for_each = {
    for pair in setproduct(["site", "admin"], keys(local.pictures)) :
    "${pair[0]} looks at ${pair[1]}" => { account = pair[0], bucket = pair[1] }
  }

  bucket = google_storage_bucket.pictures[each.value.bucket].name
  role   = "roles/storage.bucketViewer"
  member = google_service_account.accounts[each.value.account].member
}

resource "google_storage_bucket_iam_member" "fetches_models" {
  for_each = local.vm_workers

  bucket = google_storage_bucket.artefacts["models"].name
  role   = "roles/storage.objectViewer"
  member = google_service_account.accounts[each.value].member
}

resource "google_storage_bucket_iam_member" "builder_reads_archives" {
  bucket = google_storage_bucket.artefacts["functions"].name
  role   = "roles/storage.objectViewer"
  member = google_service_account.accounts["builder"].member
}
