# Where

variable "project" {
  description = "Id of the Google Cloud project. It should hold nothing else."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project is the id of a project: 6 to 30 small letters, digits and hyphens, with a letter first."
  }
}

variable "project_number" {
  description = "Number of the same project: `gcloud projects describe PROJECT --format='value(projectNumber)'`. Google's own accounts and the address of the site are named after it."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{6,}$", var.project_number))
    error_message = "project_number is the number of the project, not its id."
  }
}

variable "region" {
  description = "Region of everything: buckets, database, services and VMs."
  type        = string
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region is a region such as us-central1, not a zone and not a multi-region."
  }
}

variable "kms_key" {
  description = "Key of Cloud KMS for buckets, database, topics, container images and disks: projects/…/locations/REGION/keyRings/…/cryptoKeys/…. Null: Google's own keys."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^projects/[^/]+/locations/${var.region}/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key))
    error_message = "kms_key is the full name of a key in the same region: projects/…/locations/${var.region}/keyRings/…/cryptoKeys/…."
  }
}

# What is deployed. There is a place for images before there are images, so these may be missing until all is applied.

variable "functions_archive" {
  description = "Path of a zip file: the deployable folder of the functions, with package.json at its top."
  type        = string

  validation {
    condition     = fileexists(var.functions_archive)
    error_message = "functions_archive names no file."
  }
}

variable "worker_image" {
  description = "Container image of the Cloud Run worker, by digest."
  type        = string
  default     = ""

  validation {
    condition     = var.worker_image == "" || can(regex("^[^@\\s]+@sha256:[0-9a-f]{64}$", var.worker_image))
    error_message = "worker_image names an image by its digest: …@sha256:…. A tag can be moved."
  }
}

variable "site_image" {
  description = "Container image of the site, by digest."
  type        = string
  default     = ""

  validation {
    condition     = var.site_image == "" || can(regex("^[^@\\s]+@sha256:[0-9a-f]{64}$", var.site_image))
    error_message = "site_image names an image by its digest: …@sha256:…. A tag can be moved."
  }
}

variable "vm_image" {
  description = "Container image of the VM worker, by digest, in Artifact Registry: VMs reach nothing but Google's services."
  type        = string
  default     = ""

  validation {
    condition     = var.vm_image == "" || can(regex("^[a-z0-9-]+-docker\\.pkg\\.dev/[^@\\s]+@sha256:[0-9a-f]{64}$", var.vm_image))
    error_message = "vm_image names an image in Artifact Registry by its digest: …-docker.pkg.dev/…@sha256:…."
  }
}

variable "operations" {
  description = "Plug-ins, as SPILLWAY_OPERATIONS names them. All programs have to contain them."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for each in var.operations : can(regex("^[^,\\s]+$", each))])
    error_message = "Each of operations is a folder or a package, without commas and spaces."
  }
}

variable "rights_wait_seconds" {
  description = "How long applying waits for new rights to reach all of Google's services, before it makes what needs them."
  type        = number
  default     = 180

  validation {
    condition     = var.rights_wait_seconds >= 0 && var.rights_wait_seconds <= 900 && floor(var.rights_wait_seconds) == var.rights_wait_seconds
    error_message = "rights_wait_seconds is a whole number from 0 to 900."
  }
}

# Data

variable "keep_data" {
  description = "Whether `terraform destroy` keeps pictures, results and the database."
  type        = bool
  default     = true
}

variable "adopt_data" {
  description = "Whether buckets and database exist already and are taken over: those that `terraform destroy` has kept. Once applied, it makes no difference any more."
  type        = bool
  default     = false
}

variable "soft_delete_days" {
  description = "Days for which buckets keep what was deleted. 0: removed at once, and the site checks that before it starts."
  type        = number
  default     = 7

  validation {
    condition     = var.soft_delete_days == 0 || (var.soft_delete_days >= 7 && var.soft_delete_days <= 90 && floor(var.soft_delete_days) == var.soft_delete_days)
    error_message = "soft_delete_days is 0, or a whole number from 7 to 90, as Cloud Storage has it."
  }
}

variable "uploads_kept_days" {
  description = "Age at which uploaded pictures are deleted, in days. Null: never."
  type        = number
  default     = null

  validation {
    condition     = var.uploads_kept_days == null || try(var.uploads_kept_days >= 3 && floor(var.uploads_kept_days) == var.uploads_kept_days, false)
    error_message = "uploads_kept_days is a whole number of at least 3: the search for lost uploads looks back a day, and further where it was away."
  }
}

variable "results_kept_days" {
  description = "Age at which results and receipts are deleted, in days. Null: never."
  type        = number
  default     = null

  validation {
    condition     = var.results_kept_days == null || try(var.results_kept_days >= 1 && floor(var.results_kept_days) == var.results_kept_days, false)
    error_message = "results_kept_days is a whole number of at least 1."
  }
}

variable "backups_kept_days" {
  description = "Days for which the daily backups of the database are kept. 0: there are none."
  type        = number
  default     = 7

  validation {
    condition     = var.backups_kept_days >= 0 && var.backups_kept_days <= 98 && floor(var.backups_kept_days) == var.backups_kept_days
    error_message = "backups_kept_days is a whole number from 0 to 98, which is Firestore's 14 weeks."
  }
}

# Cloud Run worker. settings/routing is written from the same variables.

variable "run_max_instances" {
  description = "Most instances that routers fill. The service may have one more, so that it refuses nothing. 0: Cloud Run gets no jobs. A new project often has a quota of 20 vCPUs and 40 GiB in a region, which 9 instances of 2 vCPUs and 4 GiB keep to."
  type        = number
  default     = 8

  validation {
    condition     = var.run_max_instances >= 0 && var.run_max_instances <= 999 && floor(var.run_max_instances) == var.run_max_instances
    error_message = "run_max_instances is a whole number from 0 to 999."
  }
  validation {
    condition     = var.run_max_instances > 0 || var.vm_count > 0 || var.vm_max_count > 0 || var.machines != null
    error_message = "Nobody does the work: run_max_instances, vm_count and vm_max_count are 0, and there are no machines."
  }
}

variable "run_concurrency" {
  description = "Requests at a time to each instance, which are the jobs that it has in its hands: the concurrency of the service, and what routers count on."
  type        = number
  default     = 1

  validation {
    condition     = var.run_concurrency >= 1 && var.run_concurrency <= 80 && floor(var.run_concurrency) == var.run_concurrency
    error_message = "run_concurrency is a whole number from 1 to 80."
  }
}

variable "run_slots" {
  description = "Operations at a time on each instance; the other jobs that it has in its hands are fetched and stored beside them. Null: as many as run_concurrency."
  type        = number
  default     = null

  validation {
    condition     = var.run_slots == null || try(var.run_slots >= 1 && var.run_slots <= var.run_concurrency && floor(var.run_slots) == var.run_slots, false)
    error_message = "run_slots is a whole number from 1 to run_concurrency: an instance works on no more jobs than it is sent."
  }
  # The dashboard refuses more, too (core/settings.ts).
  validation {
    condition     = var.run_slots == null || try(var.run_concurrency <= 8 * var.run_slots, false)
    error_message = "run_concurrency is at most eight times run_slots: a request that waits too long for its slot is answered 504, which slows all pushes."
  }
}

variable "run_cpu" {
  description = "vCPUs of an instance."
  type        = number
  default     = 2

  validation {
    condition     = contains([1, 2, 4, 6, 8], var.run_cpu)
    error_message = "run_cpu is 1, 2, 4, 6 or 8, as Cloud Run has it."
  }
}

variable "run_memory_gib" {
  description = "Memory of an instance in GiB. Its files are in it."
  type        = number
  default     = 4

  validation {
    condition     = var.run_memory_gib >= 1 && var.run_memory_gib <= 32 && floor(var.run_memory_gib) == var.run_memory_gib
    error_message = "run_memory_gib is a whole number from 1 to 32."
  }
  # https://cloud.google.com/run/docs/configuring/services/memory-limits#cpu-minimum
  validation {
    condition     = var.run_memory_gib <= 4 * var.run_cpu && var.run_memory_gib >= (var.run_cpu > 4 ? 4 : var.run_cpu == 4 ? 2 : 1)
    error_message = "run_memory_gib does not go with run_cpu: Cloud Run gives at most 4 GiB for each vCPU, at least 2 with 4 vCPUs, and at least 4 with more."
  }
}

variable "run_models" {
  description = "Names of the models that are in the image of the Cloud Run worker. Jobs that name another one wait for the VMs."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.run_models) <= 100 && alltrue([for name in var.run_models : length(name) >= 1 && length(name) <= 100])
    error_message = "run_models has at most 100 names of 1 to 100 characters."
  }
}

variable "run_most_dollars_per_hour" {
  description = "Above this, new work waits for the VMs. US dollars in any one hour. Null: no limit."
  type        = number
  default     = null

  validation {
    condition     = var.run_most_dollars_per_hour == null || try(var.run_most_dollars_per_hour >= 0 && var.run_most_dollars_per_hour <= 1000000, false)
    error_message = "run_most_dollars_per_hour is a number of dollars from 0 to 1000000."
  }
}

variable "routing" {
  description = "Other routing settings (core/settings.ts). What is null has its default there."
  type = object({
    policy        = optional(string)
    confidence    = optional(number)
    objectives_ms = optional(map(number), {})
    bulk = optional(object({
      objective_ms = optional(number)
      batch_over   = optional(number)
    }), {})
    owner_shares = optional(map(number), {})
  })
  default = {}

  validation {
    condition     = contains(["deadline", "threshold"], coalesce(var.routing.policy, "deadline"))
    error_message = "routing.policy is deadline or threshold."
  }
  validation {
    condition     = try(var.routing.confidence >= 0 && var.routing.confidence <= 5, var.routing.confidence == null)
    error_message = "routing.confidence is a number from 0 to 5."
  }
  validation {
    condition     = alltrue([for operation in keys(var.routing.objectives_ms) : length(operation) <= 40 && can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", operation))])
    error_message = "routing.objectives_ms has names of operations: at most 40 small letters, digits and single hyphens."
  }
  validation {
    condition     = try(var.routing.bulk.objective_ms > 0 && var.routing.bulk.objective_ms <= 2678400000, var.routing.bulk.objective_ms == null)
    error_message = "routing.bulk.objective_ms has milliseconds above 0 and of at most 31 days."
  }
  validation {
    condition     = try(var.routing.bulk.batch_over >= 1 && var.routing.bulk.batch_over <= 1000000 && floor(var.routing.bulk.batch_over) == var.routing.bulk.batch_over, var.routing.bulk.batch_over == null)
    error_message = "routing.bulk.batch_over is a whole number from 1 to 1000000."
  }
  validation {
    condition     = alltrue([for owner in keys(var.routing.owner_shares) : length(owner) >= 1 && length(owner) <= 200 && !can(regex("^__.*__$", owner))])
    error_message = "routing.owner_shares has owners of 1 to 200 characters. Firestore keeps names with two underscores at both ends for itself."
  }
  validation {
    condition     = alltrue([for ms in values(var.routing.objectives_ms) : ms > 0 && ms <= 2678400000])
    error_message = "routing.objectives_ms has milliseconds above 0 and of at most 31 days."
  }
  validation {
    condition     = alltrue([for share in values(var.routing.owner_shares) : share >= 0.001 && share <= 1000])
    error_message = "routing.owner_shares has weights from 0.001 to 1000."
  }
}

variable "forecast" {
  description = "What the forecast of arrivals may change (settings/routing, `forecast`): the minimum of the Cloud Run worker's instances, within bounds, and the wanted number of VMs. docs/routing.md tells what that is worth. With `prewarming`, programs that sweep may change the worker's service. After it is switched off, `gcloud run services update spillway-worker --min=0` takes back what it has set."
  type = object({
    prewarming    = optional(bool, false)
    min_instances = optional(object({ least = optional(number, 0), most = optional(number, 5) }), {})
    vm_pool       = optional(bool, false)
  })
  default = {}

  validation {
    condition     = alltrue([for count in values(var.forecast.min_instances) : count >= 0 && count <= 1000 && floor(count) == count])
    error_message = "forecast.min_instances has whole numbers from 0 to 1000."
  }
  validation {
    condition     = var.forecast.min_instances.least <= var.forecast.min_instances.most
    error_message = "forecast.min_instances.least is at most forecast.min_instances.most."
  }
  validation {
    condition     = !var.forecast.prewarming || var.forecast.min_instances.most <= var.run_max_instances
    error_message = "forecast.min_instances.most is at most run_max_instances: the service has no more."
  }
}

# Functions

variable "route_max_instances" {
  description = "Most instances of each of the two routing functions."
  type        = number
  default     = 20

  validation {
    condition     = var.route_max_instances >= 1 && var.route_max_instances <= 1000 && floor(var.route_max_instances) == var.route_max_instances
    error_message = "route_max_instances is a whole number from 1 to 1000."
  }
}

variable "route_min_instances" {
  description = "Instances of each of the two routing functions that are kept warm. Each costs about ten dollars a month."
  type        = number
  default     = 0

  validation {
    condition     = var.route_min_instances >= 0 && var.route_min_instances <= var.route_max_instances
    error_message = "route_min_instances is a number from 0 to route_max_instances."
  }
}

variable "sweep_for_seconds" {
  description = "How long each minute's call of the sweep goes on. 0: one sweep a minute, which is cheaper and finds what is late more slowly. VMs sweep as well."
  type        = number
  default     = 55

  validation {
    condition     = var.sweep_for_seconds >= 0 && var.sweep_for_seconds <= 58
    error_message = "sweep_for_seconds is a number from 0 to 58: the next call comes after 60 s."
  }
}

# Site

variable "site_public" {
  description = "Whether everybody may open the site. Where not, only accounts with roles/run.invoker on it may."
  type        = bool
  default     = true
}

variable "site_url" {
  description = "Address of the site as browsers know it, where it has a domain of its own. Null: its address on run.app."
  type        = string
  default     = null

  validation {
    condition     = var.site_url == null || can(regex("^https://[a-z0-9.-]+(:[0-9]+)?$", var.site_url))
    error_message = "site_url is an origin without a path: https://pictures.example.com."
  }
}

variable "site_proxies" {
  description = "Proxies before the site that append to X-Forwarded-For: 1 is Cloud Run's front, 2 with a load balancer before it."
  type        = number
  default     = 1

  validation {
    condition     = contains([1, 2, 3], var.site_proxies)
    error_message = "site_proxies is 1, 2 or 3."
  }
}

variable "site_max_instances" {
  description = "Most instances of the site."
  type        = number
  default     = 4

  validation {
    condition     = var.site_max_instances >= 1 && var.site_max_instances <= 100 && floor(var.site_max_instances) == var.site_max_instances
    error_message = "site_max_instances is a whole number from 1 to 100."
  }
}

# Dashboard

variable "admins" {
  description = "Who may open the dashboard through Identity-Aware Proxy: user:…, group:… or domain:…. With none there is no proxy, and only those with roles/run.invoker on the service reach it, and need its token."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.admins : can(regex("^(user|group|domain):[^\\s:]+$", member))])
    error_message = "Each of admins is user:…, group:… or domain:…. Everybody is not among them."
  }
}

variable "secrets_version" {
  description = "Another number makes new secrets: visitors lose their sessions, and the dashboard gets a new token."
  type        = number
  default     = 1

  validation {
    condition     = var.secrets_version >= 1 && floor(var.secrets_version) == var.secrets_version
    error_message = "secrets_version is a whole number of at least 1."
  }
}

# VMs

variable "vm_count" {
  description = "VM workers that always run. 0: they come with the work, and Cloud Run does what is there before."
  type        = number
  default     = 2

  validation {
    condition     = var.vm_count >= 0 && var.vm_count <= 1000 && floor(var.vm_count) == var.vm_count
    error_message = "vm_count is a whole number from 0 to 1000."
  }
}

variable "vm_max_count" {
  description = "Most VM workers. As many run as the work needs that people offer. The same as vm_count: a fixed number, but for schedules."
  type        = number
  default     = 6

  validation {
    condition     = var.vm_max_count >= var.vm_count && var.vm_max_count <= 1000 && floor(var.vm_max_count) == var.vm_max_count
    error_message = "vm_max_count is a whole number from vm_count to 1000."
  }
}

variable "vm_target_load" {
  description = "Share of a VM's slots that is to be busy. More VMs come above it, and VMs go below it."
  type        = number
  default     = 0.7

  validation {
    condition     = var.vm_target_load >= 0.1 && var.vm_target_load <= 1
    error_message = "vm_target_load is a share from 0.1 to 1."
  }
}

variable "vm_scale_in" {
  description = "How many VMs may go within how many minutes, when there is less work."
  type = object({
    count   = number
    minutes = number
  })
  default = { count = 1, minutes = 10 }

  validation {
    condition     = var.vm_scale_in.count >= 1 && floor(var.vm_scale_in.count) == var.vm_scale_in.count
    error_message = "vm_scale_in.count is a whole number of at least 1."
  }
  # https://cloud.google.com/compute/docs/autoscaler/understanding-autoscaler-decisions#scale-in_controls
  validation {
    condition     = var.vm_scale_in.minutes >= 1 && var.vm_scale_in.minutes <= 60 && floor(var.vm_scale_in.minutes) == var.vm_scale_in.minutes
    error_message = "vm_scale_in.minutes is a whole number from 1 to 60."
  }
}

variable "vm_schedules" {
  description = "Times at which more VMs run, by a name: how many, from when (cron), for how many minutes, in which time zone."
  type = map(object({
    count     = number
    start     = string
    minutes   = number
    time_zone = optional(string, "Etc/UTC")
  }))
  default = {}

  validation {
    condition     = alltrue([for each in values(var.vm_schedules) : each.count >= 1 && each.count <= 1000 && each.minutes >= 5])
    error_message = "Each of vm_schedules has a count from 1 to 1000, and lasts 5 minutes or more."
  }
  # https://cloud.google.com/compute/docs/autoscaler/scaling-stackdriver-monitoring-metrics
  validation {
    condition     = length(var.vm_schedules) == 0 || var.vm_count > 0 || var.vm_max_count > 0
    error_message = "vm_schedules need vm_count or vm_max_count above 0: without a figure of the work, a group of VMs never shrinks to none."
  }
  validation {
    condition     = alltrue([for name in keys(var.vm_schedules) : can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", name))])
    error_message = "vm_schedules has names of at most 63 small letters, digits and hyphens, with a letter first."
  }
  validation {
    condition     = alltrue([for each in values(var.vm_schedules) : can(regex("^\\S+( \\S+){4,5}$", each.start))])
    error_message = "Each of vm_schedules starts at a time in the form of cron, such as 0 8 * * MON-FRI."
  }
}

variable "vm_machine_type" {
  description = "Machine type of the VMs."
  type        = string
  default     = "e2-standard-2"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+$", var.vm_machine_type))
    error_message = "vm_machine_type is a machine type such as e2-standard-2."
  }
}

variable "vm_slots" {
  description = "Jobs at a time on each VM. A slot for each vCPU does the most in a second."
  type        = number
  default     = 2

  validation {
    condition     = var.vm_slots >= 1 && var.vm_slots <= 128 && floor(var.vm_slots) == var.vm_slots
    error_message = "vm_slots is a whole number from 1 to 128."
  }
}

variable "vm_spot" {
  description = "Whether the VMs are Spot VMs, which are cheaper and may be taken away with 30 s of notice."
  type        = bool
  default     = false
}

variable "vm_disk_gb" {
  description = "Boot disk of a VM in GB. Models are kept on it."
  type        = number
  default     = 30

  validation {
    condition     = var.vm_disk_gb >= 20 && var.vm_disk_gb <= 1000
    error_message = "vm_disk_gb is a number from 20 to 1000."
  }
}

variable "vm_range" {
  description = "Addresses of the VMs' subnetwork."
  type        = string
  default     = "10.80.0.0/22"

  validation {
    condition     = can(cidrhost(var.vm_range, 3))
    error_message = "vm_range is a range such as 10.80.0.0/22."
  }
  # Four addresses of a subnetwork are Google's, and an update has four VMs more.
  validation {
    condition     = try(pow(2, 32 - tonumber(split("/", var.vm_range)[1])) - 8 >= max(var.vm_count, var.vm_max_count, values(var.vm_schedules)[*].count...), true)
    error_message = "vm_range is too small for the most VMs, which need an address each and eight more."
  }
}

variable "vm_ssh_through_iap" {
  description = "Whether people with the roles for it (OS Login, Identity-Aware Proxy's tunnel) may open a shell on the VMs."
  type        = bool
  default     = false
}

# Machines of one's own

variable "machines" {
  description = <<-EOT
    VM workers on machines of your own. Null: there are none. They get an account of their own, and prove who they are either
    with tokens of an identity provider (issuer, with audiences; jwks_file where Google cannot reach it), or with
    certificates (authority_files: PEM files of the authority that signs them). subjects: the subject of each machine's
    tokens, or the common name of its certificate. Without subjects there is the account alone, for a key that you make.
  EOT
  type = object({
    subjects        = optional(set(string), [])
    issuer          = optional(string)
    audiences       = optional(list(string), [])
    jwks_file       = optional(string)
    authority_files = optional(list(string), [])
  })
  default = null

  validation {
    condition     = var.machines == null || alltrue([for subject in try(var.machines.subjects, []) : can(regex("^[A-Za-z0-9:._/@-]{1,127}$", subject))])
    error_message = "Each of machines.subjects has 1 to 127 letters, digits and signs of :._/@-."
  }
  validation {
    condition     = var.machines == null || try(length(var.machines.subjects) == 0 || (var.machines.issuer != null) != (length(var.machines.authority_files) > 0), false)
    error_message = "machines with subjects has either an issuer or authority_files: tokens or certificates."
  }
  validation {
    condition     = try(var.machines.issuer, null) == null || can(regex("^https://", var.machines.issuer))
    error_message = "machines.issuer is the address of an identity provider: https://…."
  }
  validation {
    condition     = alltrue([for path in try(concat(var.machines.authority_files, var.machines.jwks_file[*]), []) : fileexists(path)])
    error_message = "machines.authority_files or machines.jwks_file names no file."
  }
}

# Money and alarms

variable "traces_sampled" {
  description = "Share of jobs that are traced, from 0 to 1. 0: none. A job has a dozen spans, of which Google charges for those above 2.5 million a month."
  type        = number
  default     = 1

  validation {
    condition     = var.traces_sampled >= 0 && var.traces_sampled <= 1
    error_message = "traces_sampled is a number from 0 to 1."
  }
}

variable "alert_emails" {
  description = "Who is told when something is wrong."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for email in var.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+$", email))])
    error_message = "alert_emails has addresses of e-mail."
  }
}

variable "runbook_url" {
  description = "Address at which those who are told read docs/operations.md, such as https://github.com/OWNER/REPOSITORY/blob/main/docs/operations.md. Every alarm links to its entry there. Null: alarms name the entry, and link to nothing."
  type        = string
  default     = null

  validation {
    condition     = var.runbook_url == null || can(regex("^https://[^\\s#]+$", var.runbook_url))
    error_message = "runbook_url is an https address without a #."
  }
}

variable "billing_account" {
  description = "Billing account in which a budget is made for the project: 012345-6789AB-CDEF01. Null: no budget."
  type        = string
  default     = null

  validation {
    condition     = var.billing_account == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "billing_account has the form 012345-6789AB-CDEF01."
  }
}

variable "budget_amount" {
  description = "Budget of a month, in the currency of the billing account. Half, 90 % and all of it are told; nothing is stopped."
  type        = number
  default     = 300

  validation {
    condition     = var.budget_amount >= 1 && floor(var.budget_amount) == var.budget_amount
    error_message = "budget_amount is a whole number of at least 1."
  }
}
