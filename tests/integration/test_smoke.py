def test_home(owner_client):
    assert owner_client.get("/").status_code == 200
