"""What S3's documents leave out: how the members of its schemas are called in XML.

The documents name members as AWS's tools do (`CORSRules`), while S3 sends and takes elements (`CORSRule`, once for
each rule). Without these names a configuration would read as none, and lists couldn't be written.

Source: the `locationName`s of AWS's own model of S3, 2006-03-01, beside
https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html; the tests hold them
against what botocore sends and reads.
Before: `methods` reads a document of the protocol `rest-xml`. After: `fetch.body` writes by them, and
`fetch.transforms.markup` reads by them.
"""

#: The attribute of root elements, where the document gives none.
NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'

#: Member → element. `/Rule`: a list, each item of which is such an element; `TagSet/Tag`: a list, whose elements are
#: all inside the other one; `@name` is an attribute. With a parent before it (`And/Tags`), it counts only there.
ELEMENTS = {
    "S3/AccessControlList": "AccessControlList/Grant",
    "AllowedHeaders": "/AllowedHeader",
    "AllowedMethods": "/AllowedMethod",
    "AllowedOrigins": "/AllowedOrigin",
    "And/Tags": "/Tag",
    "CORSRules": "/CORSRule",
    "BlockedEncryptionTypes/EncryptionType": "/EncryptionType",
    "Events": "/Event",
    "ExposeHeaders": "/ExposeHeader",
    "Filter/Key": "S3Key",
    "FilterRules": "/FilterRule",
    "Grantee/Type": "@xsi:type",
    "Grants": "AccessControlList/Grant",
    "LambdaFunctionArn": "CloudFunction",
    "LambdaFunctionConfigurations": "/CloudFunctionConfiguration",
    "MFADelete": "MfaDelete",
    "MultipartUpload": "CompleteMultipartUpload",
    "NoncurrentVersionTransitions": "/NoncurrentVersionTransition",
    "ObjectLockConfiguration/Rule": "Rule",
    "Objects": "/Object",
    "OptionalFields": "OptionalFields/Field",
    "Parts": "/Part",
    "QueueArn": "Queue",
    "QueueConfigurations": "/QueueConfiguration",
    "RoutingRules": "RoutingRules/RoutingRule",
    "Rules": "/Rule",
    "SSEKMS": "SSE-KMS",
    "SSES3": "SSE-S3",
    "TagSet": "TagSet/Tag",
    "Tags": "Tags/Tag",
    "TargetGrants": "TargetGrants/Grant",
    "Tierings": "/Tiering",
    "TopicArn": "Topic",
    "TopicConfigurations": "/TopicConfiguration",
    "TotalPartsCount": "PartsCount",
    "Transitions": "/Transition",
    "UserMetadata": "UserMetadata/MetadataEntry",
}
