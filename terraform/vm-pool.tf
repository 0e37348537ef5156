locals {
  vm_health_port = 8081
  # Nobody but the container runs as this account of the VM. The image has to work as any.
  vm_user = 10001

  cloud_init = templatefile("${path.module}/vm-cloud-init.yaml.tftpl", {
    image       = var.vm_image
    registry    = split("/", var.vm_image)[0]
    environment = local.vm_environment
    health_port = local.vm_health_port
    user        = local.vm_user
  })
}

resource "google_compute_instance_template" "vm" {
  project      = local.project
  name_prefix  = "spillway-vm-"
  region       = var.region
  machine_type = var.vm_machine_type
  tags         = [local.vm_tag]

  disk {
    source_image = "projects/cos-cloud/global/images/family/cos-stable"
    boot         = true
    auto_delete  = true
    disk_type    = "pd-balanced"
    disk_size_gb = var.vm_disk_gb

    dynamic "disk_encryption_key" {
      for_each = var.kms_key[*]
      content {
        kms_key_self_link = disk_encryption_key.value
      }
    }
  }

  # No access_config: there is no public address.
  network_interface {
    subnetwork = google_compute_subnetwork.vms.id
  }

  service_account {
    email = google_service_account.accounts["vm"].email
    # What the account may do is said by its roles.
    scopes = ["cloud-platform"]
  }

  scheduling {
    provisioning_model  = var.vm_spot ? "SPOT" : "STANDARD"
    preemptible         = var.vm_spot
    automatic_restart   = !var.vm_spot
    on_host_maintenance = var.vm_spot ? "TERMINATE" : "MIGRATE"
  }

  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  metadata = {
    user-data = local.cloud_init
    # The agents of Container-Optimized OS send what containers write.
    google-logging-enabled    = "true"
    google-monitoring-enabled = "true"
    enable-oslogin            = "TRUE"
    block-project-ssh-keys    = "TRUE"
    serial-port-enable        = "FALSE"
  }

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = var.vm_image != ""
      error_message = "There is no image of the VM worker. `npm run images` makes all of them: docs/deploy.md."
    }
  }
}

resource "google_compute_health_check" "vm" {
  project     = local.project
  name        = "spillway-vm"
  description = "A VM that is not ready for five minutes is made new. When Firestore is away, it is away from all VMs, so it has to be patient."

  check_interval_sec  = 30
  timeout_sec         = 10
  healthy_threshold   = 1
  unhealthy_threshold = 10

  http_health_check {
    port         = local.vm_health_port
    request_path = "/health"
  }
}

resource "google_compute_region_instance_group_manager" "vms" {
  project            = local.project
  name               = "spillway-vms"
  region             = var.region
  base_instance_name = "spillway-vm"
  # Without an autoscaler there is a fixed number.
  target_size = local.vm_autoscaled ? null : var.vm_count

  version {
    instance_template = google_compute_instance_template.vm.id
  }

  auto_healing_policies {
    health_check = google_compute_health_check.vm.id
    # Longer than a start: the machine, the image, and the self-test of the worker.
    initial_delay_sec = 300
  }

  # A VM that is repaired is one of the newest template.
  instance_lifecycle_policy {
    force_update_on_repair = "YES"
  }

  # New VMs come first. An old one is asked to end, gives back what it cannot finish, and leaves.
  update_policy {
    type                         = "PROACTIVE"
    minimal_action               = "REPLACE"
    instance_redistribution_type = "PROACTIVE"
    # At least one for each of the region's zones, of which a few have four.
    max_surge_fixed       = 4
    max_unavailable_fixed = 0
    replacement_method    = "SUBSTITUTE"
  }

  depends_on = [
    google_compute_firewall.from_health_checks,
    google_compute_firewall.to_google_services,
    google_compute_route.google_services,
    google_dns_record_set.every_name,
    google_firestore_document.routing,
    google_firestore_field.overrides,
    google_firestore_index.composite,
    terraform_data.rights_have_arrived,
  ]
}

locals {
  vm_most       = max(var.vm_count, var.vm_max_count, values(var.vm_schedules)[*].count...)
  vm_autoscaled = local.vm_most > var.vm_count
  # Where more VMs come by schedule only, work calls for none.
  vm_scaled_by_work = var.vm_max_count > var.vm_count
}

# As many VMs as the work needs that people offer, whichever side it goes to. Processors are the wrong signal: idle VMs
# are what the router fills, and busy ones spill.
resource "google_compute_region_autoscaler" "vms" {
  count = local.vm_autoscaled ? 1 : 0

  project = local.project
  name    = "spillway-vms"
  region  = var.region
  target  = google_compute_region_instance_group_manager.vms.id

  autoscaling_policy {
    min_replicas = var.vm_count
    max_replicas = local.vm_most
    # A VM counts once it has started: the machine, the image, and the self-test of the worker.
    cooldown_period = 120

    # The figure is one for the whole pool, so it is divided by what one VM is to carry:
    # https://cloud.google.com/compute/docs/autoscaler/scaling-stackdriver-monitoring-metrics#per_group_metrics
    dynamic "metric" {
      for_each = local.vm_scaled_by_work ? [google_monitoring_metric_descriptor.metrics["spillway.offered_work"].type] : []
      content {
        name                       = metric.value
        filter                     = "resource.type = global"
        single_instance_assignment = var.vm_slots * var.vm_target_load
      }
    }

    # Without any signal the platform scales at 60 %. No processor is busier than all of it, so this asks for none.
    dynamic "cpu_utilization" {
      for_each = local.vm_scaled_by_work ? [] : [1]
      content {
        target = cpu_utilization.value
      }
    }

    # A VM that ends gives back what it cannot finish, which then starts again. So few end at a time.
    scale_in_control {
      max_scaled_in_replicas {
        fixed = var.vm_scale_in.count
      }
      time_window_sec = var.vm_scale_in.minutes * 60
    }

    dynamic "scaling_schedules" {
      for_each = var.vm_schedules
      content {
        name                  = scaling_schedules.key
        min_required_replicas = scaling_schedules.value.count
        schedule              = scaling_schedules.value.start
        duration_sec          = scaling_schedules.value.minutes * 60
        time_zone             = scaling_schedules.value.time_zone
      }
    }
  }
}

# The agents of the VM write what the container says. They also write figures of the machine (telemetry.tf).
resource "google_project_iam_member" "vm_writes_logs" {
  project = local.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.accounts["vm"].member
}
