# With a key of one's own, Google's accounts that store things for this project have to be allowed to use it.
resource "google_kms_crypto_key_iam_member" "agents" {
  for_each = var.kms_key == null ? {} : {
    for name in ["database", "disks", "pubsub", "registry", "secrets", "storage"] : name => local.agents[name]
  }

  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = each.value

  # Cloud Storage's account exists once it was asked for.
  depends_on = [data.google_storage_project_service_account.agent]
}

# What is stored with the key is made once they may use it: rights.tf says why it waits.
resource "terraform_data" "key_is_usable" {
  count = var.kms_key == null ? 0 : 1

  triggers_replace = var.kms_key

  provisioner "local-exec" {
    command = "sleep ${var.rights_wait_seconds}"
  }

  depends_on = [google_kms_crypto_key_iam_member.agents]
}
