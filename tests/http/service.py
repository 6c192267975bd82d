"""The FastAPI service that Tenantry replaces, written from what its clients rely on. Started by the tests:

    python -m uvicorn service:app     with MONGO_URI, MASTER_DB and SECRET_KEY in the environment
"""

import os
from datetime import datetime, timedelta, timezone

import bcrypt
import jwt
from bson import ObjectId
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from pymongo import MongoClient

client = MongoClient(os.environ["MONGO_URI"])
db = client[os.environ["MASTER_DB"]]
key = os.environ["SECRET_KEY"]
rounds = int(os.environ.get("BCRYPT_ROUNDS", "12"))
app = FastAPI(title="Organization Management Service")
bearer = HTTPBearer()


class OrgCreate(BaseModel):
    organization_name: str
    email: str
    password: str


class OrgUpdate(BaseModel):
    organization_name: str
    new_organization_name: str | None = None
    email: str | None = None
    password: str | None = None


class OrgDelete(BaseModel):
    organization_name: str


class AdminLogin(BaseModel):
    email: str
    password: str


def hashed(password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds)).decode()


def shown(org: dict) -> dict:
    return {
        "organization_id": str(org["_id"]),
        "organization_name": org["organization_name"],
        "collection_name": org["collection_name"],
        "admin_email": org["admin_email"],
        "created_at": org["created_at"],
    }


def found(name: str) -> dict:
    org = db.organizations.find_one({"organization_name": name})
    if not org:
        raise HTTPException(404, "Organization not found")
    return org


@app.post("/org/create")
def create_org(body: OrgCreate):
    if db.organizations.find_one({"organization_name": body.organization_name}):
        raise HTTPException(400, "Organization already exists")
    if db.admins.find_one({"email": body.email}):
        raise HTTPException(400, "Email already registered")
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    collection = f"org_{body.organization_name}"
    admin = {"email": body.email, "password": hashed(body.password), "created_at": now}
    admin_id = db.admins.insert_one(admin).inserted_id
    org = {
        "organization_name": body.organization_name,
        "collection_name": collection,
        "admin_id": str(admin_id),
        "admin_email": body.email,
        "created_at": now,
        "connection_details": {"database": db.name, "collection": collection},
    }
    db.organizations.insert_one(org)
    first = {"initialized": True, "created_at": now, "note": "Org data goes here"}
    db[collection].insert_one(first)
    return {"success": True, "message": "Org created", "data": shown(org)}


@app.get("/org/get")
def get_org(organization_name: str):
    org = found(organization_name)
    data = {**shown(org), "connection_details": org["connection_details"]}
    return {"success": True, "data": data}


@app.put("/org/update")
def update_org(body: OrgUpdate):
    org = found(body.organization_name)
    changes = {}
    new = body.new_organization_name
    if new and new != body.organization_name:
        if db.organizations.find_one({"organization_name": new}):
            raise HTTPException(400, "New organization name already exists")
        db[org["collection_name"]].rename(f"org_{new}")
        changes["organization_name"] = new
        changes["collection_name"] = f"org_{new}"
        changes["connection_details.collection"] = f"org_{new}"
    admin = {}
    if body.email:
        changes["admin_email"] = admin["email"] = body.email
    if body.password:
        admin["password"] = hashed(body.password)
    if admin:
        db.admins.update_one({"_id": ObjectId(org["admin_id"])}, {"$set": admin})
    if changes:
        db.organizations.update_one({"_id": org["_id"]}, {"$set": changes})
    org = db.organizations.find_one({"_id": org["_id"]})
    return {"success": True, "message": "Org updated", "data": shown(org)}


@app.delete("/org/delete")
def delete_org(body: OrgDelete, credentials: HTTPAuthorizationCredentials = Depends(bearer)):
    try:
        claims = jwt.decode(credentials.credentials, key, algorithms=["HS256"])
    except jwt.PyJWTError:
        raise HTTPException(401, "Invalid or expired token")
    org = found(body.organization_name)
    if claims.get("organization_id") != str(org["_id"]):
        raise HTTPException(403, "Not authorized to delete this organization")
    db[org["collection_name"]].drop()
    db.admins.delete_one({"_id": ObjectId(org["admin_id"])})
    db.organizations.delete_one({"_id": org["_id"]})
    return {"success": True, "message": "Org deleted"}


@app.post("/admin/login")
def login(body: AdminLogin):
    admin = db.admins.find_one({"email": body.email})
    if not admin or not bcrypt.checkpw(body.password.encode(), admin["password"].encode()):
        raise HTTPException(401, "Invalid credentials")
    org = db.organizations.find_one({"admin_id": str(admin["_id"])})
    claims = {
        "admin_id": str(admin["_id"]),
        "organization_id": str(org["_id"]),
        "exp": datetime.now(timezone.utc) + timedelta(minutes=30),
    }
    return {
        "access_token": jwt.encode(claims, key, algorithm="HS256"),
        "token_type": "bearer",
        "admin_id": str(admin["_id"]),
        "organization_id": str(org["_id"]),
        "organization_name": org["organization_name"],
    }
