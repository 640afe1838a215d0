"""Headings of computer vision, graphics and imaging."""

TABLE = """
    Text-to-Image Generation: text-to-image, prompt-to-image, text-conditioned image generation
    Image Generation: image generation, image synthesis, text-to-image, image generator, visual generation,
      autoregressive image, generated images, class-conditional generation
    Image Editing: image editing, image manipulation, edited image, inpainting, drag-based editing, instruction-based
      editing
    Personalized Image Generation: personalized generation, personalized image generation, subject-driven,
      identity-preserving, ID-preserving, customized generation, concept customization, image customization
    Style Transfer: style transfer, stylization, stylized image
    Video Generation: video generation, text-to-video, image-to-video, video diffusion, video synthesis, video
      diffusion model, generated videos
    Video Editing: video editing, video inpainting, video-to-video
    Diffusion Models: diffusion model, diffusion transformer, flow matching, rectified flow, score-based, consistency
      model, denoising diffusion, diffusion sampling, classifier-free guidance
    Diffusion Sampling and Distillation: diffusion distillation, step distillation, few-step generation, one-step
      generation, diffusion sampling, diffusion + distillation, fast sampling, sampling steps, probability flow ODE,
      diffusion + acceleration, diffusion + caching, diffusion + feature caching
    Video Understanding: video understanding, long video, video question answering, videoqa, video LLM, video-LLM,
      video large language model, long-form video, video language model, video reasoning, video comprehension
    Video Retrieval and Moment Localization: video retrieval, moment retrieval, text-video retrieval, temporal
      grounding, video temporal grounding, video moment, highlight detection, video corpus
    Action Recognition: action recognition, activity recognition, action detection, temporal action, action
      localization, action segmentation, skeleton-based action, gesture recognition
    Egocentric Vision: egocentric, first-person video, ego-exo, wearable camera
    Sign Language: sign language
    Object Detection: object detection, object detector, detector + bounding box, small object, DETR, YOLO
    Object Tracking: object tracking, visual tracking, multi-object tracking, tracker, point tracking
    Object Counting: object counting, crowd counting, counting + density map
    Image Segmentation: image segmentation, instance segmentation, semantic segmentation, panoptic segmentation,
      segment anything, referring segmentation, segmentation mask, segmentation model
    Semantic Segmentation: semantic segmentation, open-vocabulary segmentation, scene parsing, panoptic segmentation
    Referring and Reasoning Segmentation: referring segmentation, referring expression segmentation, reasoning
      segmentation, referring image segmentation, referring video object segmentation
    Video Object Segmentation: video object segmentation, video segmentation
    Image Classification: image classification, fine-grained classification, fine-grained visual, ImageNet +
      classification, image classifier
    Medical Image Segmentation: medical image segmentation, medical segmentation, tumor segmentation, tumour
      segmentation, lesion segmentation, organ segmentation, polyp segmentation, vessel segmentation, medical +
      segmentation, CT + segmentation, MRI + segmentation, ultrasound + segmentation, clinical + segmentation,
      anatomical + segmentation
    Medical Imaging: medical image, medical imaging, CT, MRI, computed tomography, magnetic resonance, radiology,
      X-ray, ultrasound, histopathology, whole slide image, lesion, PET, tumor, tumour, mammography, fundus, endoscopy,
      radiograph, retinal, dermoscopic, colonoscopy
    MRI and CT Reconstruction: MRI reconstruction, CT reconstruction, undersampled, MRI + reconstruction, CT +
      reconstruction, k-space, sparse-view CT, low-dose CT, PET reconstruction, MRI + denoising, CT + denoising, MR
      image + synthesis, MRI + super-resolution, CBCT
    Brain Imaging: brain MRI, brain tumor, brain image, brain imaging, neuroimaging, fMRI, brain MR, glioma,
      glioblastoma, brain lesion, stroke lesion, Alzheimer
    Chest X-Rays and Radiology Reports: chest X-ray, radiology report, report generation + radiology, chest radiograph,
      CXR, MIMIC-CXR
    Digital Pathology: pathology, histopathology, whole slide image, whole-slide, histology, gigapixel, H&E, WSI,
      computational pathology
    Retinal Imaging: retinal, fundus, optical coherence tomography, ophthalmic, diabetic retinopathy, ophthalmology,
      glaucoma
    Skin Lesion Analysis: skin lesion, dermatology, dermoscopic, melanoma, skin cancer, dermatological
    Ultrasound Imaging: ultrasound, echocardiography, echocardiogram, sonography
    Surgical and Endoscopic Vision: surgical, surgery, endoscopic, endoscopy, laparoscopic, colonoscopy
    Cancer Imaging: breast cancer, lung cancer, prostate cancer, mammography, tumor, tumour, cancer detection, lung
      nodule, mammogram, cancer imaging
    Dental Imaging: dental, tooth, teeth, panoramic radiograph
    Cardiac Imaging: cardiac, coronary, heart disease, heart failure, heart rate, myocardial, left ventricle
    Medical Image Registration: image registration, deformable registration, registration + deformation field
    Medical Vision-Language Models: medical vision-language, medical VLM, medical multimodal, medical LVLM, medical
      visual question answering, medical VQA, biomedical vision-language, medical MLLM
    Microscopy and Cell Imaging: microscopy, cell segmentation, cell image, fluorescence, cryo-EM, nuclei segmentation,
      electron microscopy
    Gaussian Splatting: Gaussian splatting, 3DGS, 3D Gaussians, Gaussian primitives, 4D Gaussian, 3D Gaussian
    Novel View Synthesis: novel view synthesis, view synthesis, radiance field, NeRF, neural radiance, Gaussian
      splatting, neural rendering, novel view
    3D Reconstruction: 3D reconstruction, scene reconstruction, surface reconstruction, multi-view stereo, structure
      from motion, multi-view reconstruction, Gaussian splatting, radiance field, NeRF, dynamic reconstruction, mesh
      reconstruction, pointmap, camera pose estimation, camera poses, VGGT, DUSt3R
    3D Generation: 3D generation, text-to-3D, 3D asset, image-to-3D, mesh generation, 3D shape generation, 3D content,
      4D generation, 3D object generation, shape generation, 3D synthesis
    3D Scene Generation: scene generation, 3D scene generation, indoor scene synthesis, scene synthesis, 3D layout,
      world generation, room layout, city generation
    3D Scene Understanding: 3D scene understanding, 3D visual grounding, 3D scene graph, 3D question answering, 3D
      semantic, 3D instance segmentation, 3D vision-language, 3D LLM, 3D segmentation, 3D-LLM
    Point Clouds: point cloud, LiDAR point, point set
    Shape Analysis and Meshes: mesh, shape correspondence, signed distance, geometry processing, shape analysis, CAD,
      B-rep, shape matching, parametric surface
    CAD and Engineering Design: CAD, computer-aided design, CAD model, engineering drawing, engineering design, B-rep
    Depth Estimation: depth estimation, monocular depth, depth completion, stereo matching, metric depth, depth map,
      stereo depth
    Optical Flow and Motion Estimation: optical flow, scene flow, motion estimation
    Visual Localization and SLAM: SLAM, visual localization, visual odometry, place recognition, relocalization, image
      matching, feature matching, local features, geo-localization, geolocalization, keypoint matching, camera pose
    Geo-Localization: geo-localization, geolocalization, cross-view localization, place recognition, geolocation
    6D Object Pose Estimation: object pose, 6D pose, 6DoF, 6-DoF pose, pose of objects
    Human Pose Estimation: human pose, pose estimation, human mesh recovery, body pose, 3D pose, keypoint detection,
      hand pose, SMPL
    Human Motion Generation: human motion, motion generation, text-to-motion, motion capture, dance generation, motion
      synthesis, character animation, co-speech gesture, gesture generation, motion diffusion
    Hands and Hand-Object Interaction: hand-object, hand pose, hand reconstruction, hand mesh, hand-object interaction
    Human-Object Interaction: human-object interaction, human-scene interaction, HOI, hand-object interaction
    Talking Heads and Avatars: talking head, avatar, talking face, lip sync, lip synchronization, facial animation,
      portrait animation, head avatar, human animation, audio-driven
    Human Image Animation: human animation, human image animation, character animation, portrait animation, human video
    Face Recognition and Analysis: face recognition, facial expression, face image, facial recognition, face
      verification, face swapping, facial, face restoration, face generation, face anti-spoofing
    Facial Expressions and Emotion: facial expression, emotion recognition, micro-expression, affective, facial emotion
    Person Re-Identification and Gait: person re-identification, re-identification, person re-ID, ReID, gait
      recognition, gait, person search, person retrieval
    Biometrics: biometric, fingerprint, iris recognition, anti-spoofing, presentation attack, face recognition,
      palmprint
    Virtual Try-On and Fashion: virtual try-on, fashion image, fashion design, garment, clothing, outfit
    Deepfake Detection: deepfake, face forgery, AI-generated image detection, AI-generated images, synthetic image
      detection, image forensics, forgery detection, forgery, generated image detection, manipulation detection,
      AI-generated video, tampering
    Image Watermarking: image watermarking, watermark + image, watermark + diffusion, invisible watermark
    Image Restoration: image restoration, deblurring, image denoising, denoising network, real-world denoising,
      dehazing, deraining, low-light image, low-light enhancement, super-resolution, image enhancement, all-in-one
      restoration, image degradation, underwater image
    Image Super-Resolution: super-resolution, image SR, SISR
    Low-Light Image Enhancement: low-light, exposure correction, night-time image, HDR, high dynamic range
    Image Quality Assessment: image quality assessment, video quality assessment, quality assessment, aesthetic
      assessment, IQA, perceptual quality
    Image and Video Compression: image compression, video compression, learned compression, video coding,
      rate-distortion, bitrate, neural codec
    Computational Photography: ISP, image signal processing, RAW image, bokeh, camera sensor, color constancy, white
      balance, HDR, tone mapping, burst photography, reflection removal
    Image Fusion: image fusion, infrared and visible, visible-infrared, multimodal fusion + infrared
    Infrared and Thermal Imaging: infrared, thermal image, thermal camera, thermal imaging, RGB-T
    Hyperspectral Imaging: hyperspectral, multispectral, pansharpening, spectral reconstruction, spectral imaging
    Event Cameras: event camera, event-based vision, event stream, neuromorphic, spiking
    Remote Sensing: remote sensing, satellite image, satellite imagery, earth observation, aerial image, aerial
      imagery, Sentinel-2, SAR image, change detection + satellite, geospatial, land cover, synthetic aperture radar
    Drone and Aerial Vision: UAV, drone, aerial image, unmanned aerial
    Change Detection: change detection, change captioning
    Autonomous Driving: autonomous driving, self-driving, driving scene, autonomous vehicle, ego vehicle, nuScenes,
      motion forecasting, trajectory prediction, driving scenario, lane detection, BEV perception
    Occupancy and Bird's-Eye-View Perception: occupancy prediction, bird's-eye view, BEV, semantic occupancy, 3D
      occupancy, occupancy
    LiDAR Perception: LiDAR, 3D object detection, radar
    Trajectory Prediction: trajectory prediction, trajectory forecasting, motion forecasting, motion prediction,
      pedestrian trajectory
    Visual Anomaly Detection: anomaly detection, industrial anomaly, defect detection, visual inspection, video
      anomaly, anomaly segmentation, anomaly localization, MVTec
    Industrial Inspection: industrial inspection, defect detection, surface defect, manufacturing, visual inspection,
      industrial anomaly, crack detection, crack segmentation, structural health
    Out-of-Distribution Detection: out-of-distribution detection, OOD detection, open-set recognition, novelty
      detection, open set, novel class discovery, category discovery
    Vision-Language Models: vision-language model, VLM, CLIP model, CLIP embedding, CLIP-based, LVLM, large
      vision-language, contrastive language-image, vision-language, image-text
    Prompt Learning for Vision-Language Models: CLIP model, CLIP-based, prompt learning, prompt tuning, contrastive
      language-image
    Multimodal LLMs: multimodal large language model, MLLM, multimodal LLM, LMM, large multimodal model, large
      vision-language model, LVLM
    Efficient Vision-Language Models: visual token pruning, token pruning, token reduction, visual token compression,
      visual tokens, token compression, redundant visual tokens
    Multimodal Reasoning: multimodal reasoning, visual reasoning, multimodal chain-of-thought, thinking with images,
      visual chain-of-thought, multimodal math, visual + reasoning + reinforcement learning
    Spatial Reasoning: spatial reasoning, spatial intelligence, spatial understanding, spatial relation, visuospatial,
      spatial cognition
    Multimodal Benchmarks: multimodal benchmark, MLLM + benchmark, LVLM + benchmark, VLM + benchmark
    Visual Question Answering: visual question answering, VQA
    Image Captioning: image captioning, image caption, dense captioning, captioning, image description
    Visual Grounding: visual grounding, referring expression, phrase grounding, grounding + bounding box, region-level
    Hallucination in Vision-Language Models: object hallucination, LVLM + hallucination, MLLM + hallucination, VLM +
      hallucination, multimodal + hallucination, vision-language + hallucination
    Unified Multimodal Models: unified multimodal, unified understanding and generation, understanding and generation,
      unified model + visual generation, omni-modal, any-to-any
    Composed and Cross-Modal Retrieval: composed image retrieval, image retrieval, cross-modal retrieval, image-text
      retrieval, multimodal retrieval, universal multimodal retrieval, text-to-image retrieval, hashing
    Open-Vocabulary Recognition: open-vocabulary, open-world
    Scene Graphs: scene graph, visual relationship
    Documents and OCR: OCR, document understanding, document parsing, text recognition, scene text, document image,
      handwritten, handwriting, text spotting, layout analysis, document layout, optical character recognition
    Charts and Tables: chart, chart understanding, table understanding, infographic, chart question answering
    Visual Text Rendering: text rendering, visual text, scene text generation, font generation, glyph, poster
    Vector Graphics and Graphic Design: SVG, vector graphics, graphic design, sketch, poster, layout generation,
      typography
    Image Tokenizers and Autoencoders: image tokenizer, visual tokenizer, visual tokenization, vector quantization,
      VQ-VAE, VQGAN, tokenizer + reconstruction, autoencoder + latent + generation
    Vision Transformers and Backbones: vision transformer, ViT, vision backbone, convolutional network, Vision Mamba,
      CNN architecture, token mixing, convolution
    Self-Supervised Visual Learning: masked image modeling, masked autoencoder, DINO, self-supervised + visual,
      self-supervised + image, contrastive learning + image
    World Models: world model, world modeling, world simulator
    Physics in Generated Video: physical law, physical plausibility, physically plausible, physics-aware, physical +
      video generation, physics + video
    Camera Control in Video Generation: camera control, camera trajectory, camera motion, camera-controlled
    Scene Relighting and Materials: relighting, inverse rendering, BRDF, material estimation, illumination estimation,
      intrinsic decomposition, physically based rendering, lighting estimation, shadow removal
    Neural Rendering and Graphics: rendering, ray tracing, renderer, path tracing, texture synthesis, computer graphics
    Textures and Materials: texture generation, texture synthesis, texturing, material generation, PBR material, UV map
    Physical Simulation: simulation + physics, cloth simulation, fluid simulation, deformable object, simulator +
      physics, finite element, material point method, soft body
    Panoramas and 360-Degree Vision: panorama, panoramic, 360-degree, omnidirectional, fisheye, 360° image
    Underwater Vision: underwater, marine, sonar
    Dataset Distillation: dataset distillation, dataset condensation
    Plant and Crop Vision: plant, crop, weed, fruit, agricultural, plant disease, leaf disease
    Food Images and Nutrition: food image, food recognition, nutrition, cooking recipe, dietary, food
    Cultural Heritage and Art: artwork, cultural heritage, painting, museum, historical image, calligraphy, art history
    Sports Video: sports, soccer, basketball, football, tennis, badminton
    Wildlife and Animals: wildlife, animal, species, camera trap, livestock, bird
    Audio-Visual Learning: audio-visual, video-to-audio, sound source localization, audiovisual, visual sound
    Eye Tracking and Saliency: gaze, saliency, eye tracking, eye movement, visual attention prediction, fixation
    Camouflaged and Salient Objects: camouflaged object, salient object, concealed object
    Visual Perception in Humans and Models: human perception, visual cortex, human visual, visual illusion,
      psychophysics, perceptual similarity, human vision
    Image and Video Brain Decoding: brain decoding, fMRI + reconstruction, visual decoding, brain activity + image, EEG
      + image
    Frame Interpolation and Video Restoration: frame interpolation, video restoration, video super-resolution, video
      frame interpolation, video enhancement, video deblurring, video denoising
    Traffic and Surveillance Video: surveillance, traffic video, vehicle detection, license plate, traffic monitoring,
      traffic camera
    Image Matting and Harmonization: matting, image harmonization, image composition, layered image, transparent layer
    Quantization of Vision Models: post-training quantization + diffusion, post-training quantization + vision,
      quantization + diffusion transformer
    Concept Erasure and Safe Image Generation: concept erasure, NSFW, unlearning + diffusion, safe generation + image,
      concept unlearning
"""
