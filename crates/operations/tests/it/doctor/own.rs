use super::{one, well};
use crate::world::{World, switch};
use domain::{CheckId, CheckState};
use operations::Operations;

#[tokio::test]
async fn a_data_directory_that_cannot_be_used_is_told() {
    let world = World::start().await;
    let ids = [CheckId::DataWritable, CheckId::DataLock, CheckId::JournalReadable, CheckId::AuditChain];
    well(&world.operations.doctor(false).await, &ids);
    let doctor = world.operations.doctor(false).await;
    let space = doctor.checks.iter().find(|check| check.id == CheckId::DataSpace).unwrap();
    assert!(space.state != CheckState::Unknown && space.evidence.ends_with(" MiB are free"), "{space:?}");
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut config = world.config.clone();
    config.data_dir = file.path().to_owned();
    let doctor = Operations::new(config).unwrap().doctor(false).await;
    let told = one(&doctor, CheckId::DataWritable, CheckState::Failed);
    assert!(told.fix.as_ref().unwrap().contains("AGM_DATA_DIR"), "{told:?}");
    for id in &ids[1..] {
        one(&doctor, *id, CheckState::Unknown);
    }
}

#[tokio::test]
async fn a_second_agm_on_one_data_directory_is_told() {
    let world = World::start().await;
    let second = Operations::new(world.config.clone()).unwrap().doctor(false).await;
    let told = one(&second, CheckId::DataLock, CheckState::Failed);
    assert!(told.evidence.contains("another agm"), "{told:?}");
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_told() {
    let world = World::start().await;
    let file = world.config.data_dir.join("journal/quarantine/broken.json");
    std::fs::write(&file, "{").unwrap();
    let doctor = world.operations.doctor(false).await;
    let told = one(&doctor, CheckId::JournalReadable, CheckState::Failed);
    assert!(told.evidence.contains("quarantine/broken.json"), "{told:?}");
}

#[tokio::test]
async fn an_audit_log_that_somebody_changed_or_cut_is_told() {
    let world = World::start().await;
    world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    let doctor = world.operations.doctor(false).await;
    let told = one(&doctor, CheckId::AuditChain, CheckState::Ok);
    assert!(told.evidence.starts_with("1 lines"), "{told:?}");
    let file = world.config.data_dir.join(operations::AUDIT_FILE);
    let whole = std::fs::read_to_string(&file).unwrap();
    for changed in [whole.replacen("alice", "bobby", 1), String::new()] {
        std::fs::write(&file, &changed).unwrap();
        let doctor = world.operations.doctor(false).await;
        let told = one(&doctor, CheckId::AuditChain, CheckState::Failed);
        assert!(told.evidence.starts_with("line 1"), "{told:?}");
    }
    std::fs::write(&file, whole).unwrap();
    well(&world.operations.doctor(false).await, &[CheckId::AuditChain]);
}

#[tokio::test]
async fn an_operation_that_waits_for_a_person_is_told() {
    let world = World::start().await;
    well(&world.operations.doctor(false).await, &[CheckId::OperationsSettled]);
    let (failure, _) = crate::faults::left_foreign(&world).await;
    let doctor = world.operations.doctor(false).await;
    let told = one(&doctor, CheckId::OperationsSettled, CheckState::Failed);
    assert_eq!(told.about, failure.operation.unwrap().to_string());
    assert!(told.evidence.contains("not undone") && told.fix.is_some(), "{told:?}");
}
