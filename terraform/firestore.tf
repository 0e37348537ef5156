resource "google_firestore_database" "default" {
  project     = local.project
  name        = "(default)"
  location_id = var.region
  type        = "FIRESTORE_NATIVE"

  delete_protection_state = var.keep_data ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  # ABANDON: `terraform destroy` forgets the database and leaves it where it is.
  deletion_policy = var.keep_data ? "ABANDON" : "DELETE"

  dynamic "cmek_config" {
    for_each = var.kms_key[*]
    content {
      kms_key_name = cmek_config.value
    }
  }

  depends_on = [terraform_data.key_is_usable]
}

import {
  for_each = local.adopted_database

  to = google_firestore_database.default
  id = each.value
}

locals {
  adopted_database = var.adopt_data ? toset(["projects/${var.project}/databases/(default)"]) : []

  # Tests hold the programs' queries against the same file.
  index_file = jsondecode(file("${path.module}/../pipeline/gcp/firestore.indexes.json"))

  indexes = {
    for index in local.index_file.indexes :
    join(" ", concat([index.collectionGroup], [
      for field in index.fields : "${field.fieldPath}:${try(field.order, field.arrayConfig)}"
    ])) => index
  }
  fields = {
    for field in local.index_file.fieldOverrides : "${field.collectionGroup} ${field.fieldPath}" => field
    if field.fieldPath != "*"
  }
  # Collections whose fields have no index but those that are listed.
  listed_only = toset([
    for field in local.index_file.fieldOverrides : field.collectionGroup
    if field.fieldPath == "*"
  ])
}

resource "google_firestore_index" "composite" {
  for_each = local.indexes

  project     = local.project
  database    = google_firestore_database.default.name
  collection  = each.value.collectionGroup
  query_scope = each.value.queryScope

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path   = fields.value.fieldPath
      order        = try(fields.value.order, null)
      array_config = try(fields.value.arrayConfig, null)
    }
  }

  lifecycle {
    # One that is no longer listed goes once the programs that asked for it have.
    create_before_destroy = true
  }
}

# Fields that have fewer indexes than every field gets by itself, and those whose date ends their document.
resource "google_firestore_field" "overrides" {
  for_each = local.fields

  project    = local.project
  database   = google_firestore_database.default.name
  collection = each.value.collectionGroup
  field      = each.value.fieldPath

  index_config {
    dynamic "indexes" {
      for_each = each.value.indexes
      content {
        order        = try(indexes.value.order, null)
        array_config = try(indexes.value.arrayConfig, null)
        query_scope  = try(indexes.value.queryScope, "COLLECTION")
      }
    }
  }

  dynamic "ttl_config" {
    for_each = try(each.value.ttl, false) ? [true] : []
    content {}
  }
}

# Firestore gives each field two indexes, which every write of a document pays for. They are switched off last: programs of
# an earlier version ask for them, and an index that is listed by itself is built only then.
resource "google_firestore_field" "listed_only" {
  for_each = local.listed_only

  project    = local.project
  database   = google_firestore_database.default.name
  collection = each.value
  field      = "*"

  index_config {}

  depends_on = [
    google_cloud_run_v2_service.services,
    google_cloudfunctions2_function.functions,
    google_compute_region_instance_group_manager.vms,
    google_firestore_field.overrides,
    google_firestore_index.composite,
  ]
}

resource "google_firestore_backup_schedule" "daily" {
  count = var.backups_kept_days == 0 ? 0 : 1

  project   = local.project
  database  = google_firestore_database.default.name
  retention = "${var.backups_kept_days * 24 * 3600}s"

  daily_recurrence {}
}

# Firestore grants no rights to a part of a database.
resource "google_project_iam_member" "programs_use_database" {
  for_each = setintersection(["functions", "worker", "vm", "machine", "site", "admin"], keys(local.accounts))

  project = local.project
  role    = "roles/datastore.user"
  member  = google_service_account.accounts[each.value].member
}
