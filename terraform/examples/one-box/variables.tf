variable "project" {
  description = "The project's id."
  type        = string
}

variable "project_number" {
  description = "The project's number: gcloud projects describe PROJECT --format='value(projectNumber)'."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{6,20}$", var.project_number))
    error_message = "The project's number has digits only; its id is another variable."
  }
}

variable "region" {
  description = "Where the service is. The nearest one answers soonest."
  type        = string
}

variable "worker_image" {
  description = "The image of the Cloud Run worker, by its digest. `npm run images -- REPOSITORY --only=cloudrun-worker` makes it."
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.worker_image))
    error_message = "Name the image by its digest, …@sha256:…, so that nobody can move it."
  }
}

variable "run_max_instances" {
  description = "Instances that the machine fills at most: run.maxInstances in its settings."
  type        = number
  default     = 20

  validation {
    condition     = var.run_max_instances >= 1 && var.run_max_instances <= 1000 && floor(var.run_max_instances) == var.run_max_instances
    error_message = "A whole number from 1 to 1000."
  }
}

variable "run_concurrency" {
  description = "Pictures at a time on each instance: run.concurrency in the machine's settings."
  type        = number
  default     = 1

  validation {
    condition     = var.run_concurrency >= 1 && var.run_concurrency <= 80 && floor(var.run_concurrency) == var.run_concurrency
    error_message = "A whole number from 1 to 80."
  }
}

variable "run_cpu" {
  description = "Processors of each instance: run.vcpus in the machine's settings, which reckons with them."
  type        = number
  default     = 2

  validation {
    condition     = contains([1, 2, 4, 6, 8], var.run_cpu)
    error_message = "Cloud Run has instances with 1, 2, 4, 6 or 8 processors."
  }
}

variable "run_memory_gib" {
  description = "Memory of each instance in GiB: run.memoryGib in the machine's settings."
  type        = number
  default     = 4

  validation {
    condition     = var.run_memory_gib >= 2 && var.run_memory_gib <= 32 && floor(var.run_memory_gib) == var.run_memory_gib
    error_message = "A whole number from 2 to 32."
  }
}
