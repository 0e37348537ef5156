# With a key of one's own, Google's accounts that store things for this project have to be allowed to use it.
resource "google_kms_crypto_key_iam_member" "agents" {
  for_each = var.kms_key == null ? {} : local.agents

  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = each.value

  # Cloud Storage's account exists once it was asked for.
  depends_on = [data.google_storage_project_service_account.agent]
}
